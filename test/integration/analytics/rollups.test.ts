import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HistoryReader, pointsOfStretches } from '../../../analytics/query/history-reader.js';
import { readHistory } from '../../../analytics/query/history.js';
import { FleetState } from '../../../analytics/live/fleet-state.js';
import { blockOf, NO_REPORTS, withRow } from '../../../analytics/rollup/bucket.js';
import { openRollUps } from '../../../analytics/rollup/open-rollups.js';
import { Roller } from '../../../analytics/rollup/roller.js';
import { openRollUpStore, type RollUpStore } from '../../../analytics/rollup/rollup-store.js';
import { systemTimers } from '../../../common/clock.js';
import { Resources } from '../../../common/lifecycle.js';
import { silentLog } from '../../../common/log.js';
import { Metrics } from '../../../common/metrics.js';
import { ClockCorrections } from '../../../protocol/clock-corrections.js';
import { METRICS_OF, type MetricName } from '../../../protocol/metrics.js';
import { encodeClock, META, type Report } from '../../../protocol/report.js';
import { signalByWire, type SignalRow } from '../../../protocol/signals.js';
import { openLmdbTwinStore } from '../../../store/lmdb/twin-store.js';
import type { TwinStore } from '../../../store/types.js';
import { until } from '../../fakes/eventually.js';
import { fakeClock } from '../../fakes/fake-clock.js';
import { rowOf } from '../../fakes/recorded-reports.js';

const BLOCK = 300_000;
const DAY_MS = 86_400_000;
const T0 = Date.UTC(2026, 5, 1);
const HOURS = 3;
const NEVER = new AbortController().signal;
const SPEED = signalByWire('spd') as SignalRow;

const reportAt = (seq: number, timeMs: number, speed: number): Report => ({
  vehicle: 'car-1',
  boot: 1,
  seq,
  timeMs,
  samples: [
    { name: 'spd', value: speed, timeMs },
    // Older than its report: it may stand in the block before.
    { name: 'ect', value: 80, timeMs: timeMs - 1_500 },
  ],
});
/** One a second, with one peak that is a single sample, and a silence of ten minutes. */
const drive = Array.from({ length: HOURS * 3_600 }, (_, i) =>
  reportAt(i + 1, T0 + i * 1_000, i === 4_321 ? 199 : i % 50),
).filter(({ seq }) => seq < 6_000 || seq > 6_600);

interface World extends AsyncDisposable {
  readonly store: TwinStore;
  readonly rolled: RollUpStore;
  readonly roller: Roller;
  readonly reader: HistoryReader;
  readonly raw: HistoryReader;
  /** How many blocks were rolled up. */
  made(why: 'new' | 'late'): Promise<number>;
}

describe('roll-ups of history', () => {
  const folders = new Resources();
  let folder = '';
  const clock = fakeClock(T0 + HOURS * 3_600_000);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'edgetwin-rollups-'));
    const made = folder;
    folders.defer(() => rm(made, { recursive: true, force: true }));
  });
  after(() => folders[Symbol.asyncDispose]());

  async function open(reports: readonly Report[] = []): Promise<World> {
    const resources = new Resources();
    const store = resources.use(
      await openLmdbTwinStore({ path: join(folder, 'store'), domain: 'core', journal: false }),
    );
    await store.append(reports.map(report => rowOf(report)));
    const rolled = resources.use(openRollUpStore(join(folder, 'rolled')));
    const metrics = new Metrics<MetricName>(METRICS_OF.analytics);
    const roller = new Roller({ store, rolled, clock, log: silentLog, metrics });
    const reader = new HistoryReader(store, { store: rolled, roller, keptFromMs: () => 0 }, clock);
    const made = async (why: string): Promise<number> =>
      Number(new RegExp(`analytics_rollup_blocks_total\\{why="${why}"\\} (\\d+)`).exec(await metrics.text())?.[1] ?? 0);
    const raw = new HistoryReader(store, undefined, clock);
    return {
      store,
      rolled,
      roller,
      reader,
      raw,
      made,
      [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose](),
    };
  }

  async function rollAll({ roller }: World): Promise<void> {
    while (await roller.run(['car-1'], NEVER));
  }

  const speeds = async (reader: HistoryReader, pointMs: number, toMs = T0 + HOURS * 3_600_000 - 1) => {
    const span = { fromMs: T0 + 1_000, toMs };
    const read = await reader.read({ vehicle: 'car-1', rows: [SPEED], span, pointMs, maxRows: 1e6 });
    return { resolution: read.resolution, points: pointsOfStretches(read.stretches('spd')) };
  };

  it('answer for wide points what the reports say, with fewer points and the same peak, and leave narrow ones to reports', async () => {
    await using world = await open(drive);
    await rollAll(world);
    const raw = await speeds(world.raw, 60_000);
    assert.deepEqual([raw.resolution, raw.points.length], ['raw', drive.length - 1]);
    const fine = await speeds(world.reader, 29_000);
    assert.deepEqual([fine.resolution, fine.points], ['raw', raw.points]);
    for (const [pointMs, resolution, most] of [
      [30_000, '10s', 3_000],
      [900_000, '5min', 700],
    ] as const) {
      const rolled = await speeds(world.reader, pointMs);
      assert.equal(rolled.resolution, resolution);
      assert.ok(rolled.points.length < most, `${rolled.points.length} points`);
      assert.deepEqual(
        rolled.points.map(([ms]) => ms),
        rolled.points.map(([ms]) => ms).toSorted((a, b) => a - b),
      );
      assert.ok(rolled.points.some(([ms, value]) => value === 199 && Math.abs(ms - (T0 + 4_321_000)) <= 10));
    }
  });

  it('are read for that part of a span that they are made of, and reports for the rest only', async () => {
    await using world = await open(drive);
    assert.ok(await world.roller.run(['car-1'], NEVER), 'one round makes a part of them');
    const rolledTo = world.roller.rolledTo('car-1');
    assert.ok(rolledTo > T0 + 3_600_000 && rolledTo < T0 + HOURS * 3_600_000 - BLOCK);
    const span = { fromMs: T0, toMs: T0 + HOURS * 3_600_000 - 1 };
    const read = await world.reader.read({ vehicle: 'car-1', rows: [SPEED], span, pointMs: 30_000, maxRows: 1e6 });
    assert.equal(read.resolution, '10s');
    assert.equal(read.reports, drive.filter(({ timeMs }) => timeMs >= rolledTo).length);
    assert.deepEqual(
      read.stretches('spd').map(({ kind }) => kind),
      ['rolled', 'raw'],
    );
    const gapless = pointsOfStretches(read.stretches('spd')).filter(([ms]) => ms >= rolledTo - BLOCK);
    for (const [i, [ms]] of gapless.entries()) assert.ok(ms - (gapless[i - 1]?.[0] ?? ms) <= 20_000);
  });

  it('keep a silence a gap', async () => {
    await using world = await open(drive);
    await rollAll(world);
    const toMs = T0 + HOURS * 3_600_000 - 1;
    const found = await readHistory(world.reader, { vehicle: 'car-1', rows: [SPEED], fromMs: T0, toMs, limit: 600 });
    assert.equal(found.resolution, '10s');
    const gaps = found.series[0]?.points.filter(([, value]) => value === null) ?? [];
    assert.deepEqual(
      gaps.map(([ms]) => Math.round((ms - T0) / 10_000)),
      [600],
    );
  });

  it('are made again where late reports come: found one by one, or by a scan', async () => {
    await using world = await open(drive);
    await rollAll(world);
    const lateMs = T0 + 6_310_000 + 500;
    const late = reportAt(6_301, lateMs, 177);
    await world.store.append([rowOf(late)]);
    world.roller.touch(late);
    assert.ok(world.roller.isStale('car-1', blockOf(lateMs)));
    const before = await speeds(world.reader, 30_000);
    assert.ok(
      before.points.some(([ms, value]) => ms === lateMs && value === 177),
      'a stale block is read from its reports',
    );
    await rollAll(world);
    assert.ok(!world.roller.isStale('car-1', blockOf(lateMs)));
    const after = await speeds(world.reader, 30_000);
    assert.ok(after.points.some(([ms, value]) => value === 177 && Math.abs(ms - lateMs) <= 2));

    const later = reportAt(6_302, lateMs + 1_000, 166);
    await world.store.append([rowOf(later)]);
    let digest = NO_REPORTS;
    const block = blockOf(lateMs);
    for await (const row of world.store.history('car-1', { fromMs: block, toMs: block + BLOCK }))
      digest = withRow(digest, row);
    world.roller.compare('car-1', block, digest);
    assert.ok(world.roller.isStale('car-1', block));
    await rollAll(world);
    assert.ok((await speeds(world.reader, 30_000)).points.some(([, value]) => value === 166));
    assert.equal(await world.made('late'), 2);
  });

  it('survive a restart, are not made twice, and outlive their reports', async () => {
    const first = await open(drive);
    await rollAll(first);
    const before = (await speeds(first.reader, 30_000)).points;
    await first[Symbol.asyncDispose]();
    await rm(join(folder, 'store'), { recursive: true });
    await using second = await open(drive.slice(-60));
    await rollAll(second);
    assert.equal(await second.made('new'), 0);
    const block = blockOf(T0 + 600_000);
    second.roller.compare('car-1', block, { reports: 3, mark: 1 });
    assert.ok(!second.roller.isStale('car-1', block), 'fewer reports than were rolled up are no news');
    const found = (await speeds(second.reader, 30_000)).points;
    assert.deepEqual(
      found.filter(([ms]) => ms >= T0 + BLOCK && ms < T0 + (HOURS - 1) * 3_600_000),
      before.filter(([ms]) => ms >= T0 + BLOCK && ms < T0 + (HOURS - 1) * 3_600_000),
    );
  });

  it('are forgotten when they are too old, short ones first', async () => {
    await using world = await open(drive);
    await rollAll(world);
    const beforeMs = T0 + 3_600_000;
    assert.ok((await world.rolled.prune('10s', 'car-1', beforeMs)) >= 11);
    assert.equal(await world.rolled.prune('10s', 'car-1', beforeMs), 0);
    assert.ok(Math.min(...world.rolled.starts('10s', 'car-1')) >= beforeMs);
    const reader = new HistoryReader(
      world.store,
      { store: world.rolled, roller: world.roller, keptFromMs: level => (level === '10s' ? beforeMs : 0) },
      clock,
    );
    const { points } = await speeds(reader, 30_000);
    const early = points.filter(([ms]) => ms >= T0 + BLOCK && ms < beforeMs);
    assert.ok(early.length > 0 && early.length <= 24, 'what is older is answered by the long roll-ups');

    assert.ok((await world.rolled.prune('5min', 'car-1', beforeMs)) >= 11);
    const short = new HistoryReader(
      world.store,
      { store: world.rolled, roller: world.roller, keptFromMs: () => beforeMs },
      clock,
    );
    for (const pointMs of [30_000, 900_000])
      assert.deepEqual(
        (await speeds(short, pointMs)).points.filter(([ms]) => ms < beforeMs),
        (await speeds(world.raw, 30_000)).points.filter(([ms]) => ms < beforeMs),
        'where no roll-up is kept the reports answer, as long as they are there',
      );
  });

  it('are kept for the days that the settings say', async () => {
    const world = await open(drive);
    await rollAll(world);
    const made = world.rolled.starts('5min', 'car-1');
    await world[Symbol.asyncDispose]();
    const later = fakeClock(T0 + 1.5 * DAY_MS);
    await using resources = new Resources();
    const store = resources.use(
      await openLmdbTwinStore({ path: join(folder, 'store'), domain: 'core', journal: false }),
    );
    const opened = resources.use(
      openRollUps(
        { path: join(folder, 'rolled'), keepDays: { '10s': 1, '5min': 2 } },
        {
          ...{ store, clock: later, timers: systemTimers, log: silentLog, fleet: new FleetState(later) },
          metrics: new Metrics<MetricName>(METRICS_OF.analytics),
        },
      ),
    );
    const stop = new AbortController();
    const running = opened.run(stop.signal);
    try {
      await until(async () => (opened.rollUps.store.starts('10s', 'car-1').length === 0 ? true : undefined));
      assert.deepEqual(opened.rollUps.store.starts('5min', 'car-1'), made);
      assert.equal(opened.rollUps.keptFromMs('10s', later.nowMs()), T0 + 0.5 * DAY_MS);
    } finally {
      stop.abort();
      await running;
    }
  });

  it('are made anew where the device learns that its clock was wrong: then they say what its corrected reports say', async () => {
    await using world = await open(drive.slice(0, 3_600));
    const corrections = new ClockCorrections();
    const of = () => corrections;
    const metrics = new Metrics<MetricName>(METRICS_OF.analytics);
    const { store, rolled } = world;
    const roller = new Roller({ store, rolled, clock, log: silentLog, metrics, corrections: of });
    const reader = new HistoryReader(store, { store: rolled, roller, keptFromMs: () => 0 }, clock, of);
    while (await roller.run(['car-1'], NEVER));
    const firstMs = async () => (await speeds(reader, 30_000)).points[0]?.[0] ?? 0;
    const beforeMs = await firstMs();
    const said = encodeClock({ boot: 1, from: 1, to: 3_600, correctionMs: 2 * BLOCK, clock: 'gps' });
    corrections.note({ boot: 1, seq: 3_601, samples: [{ name: META.clock, value: said, timeMs: T0 }] });
    while (await roller.run(['car-1'], NEVER));
    const { resolution, points } = await speeds(reader, 30_000);
    assert.equal(resolution, '10s');
    assert.ok(Math.abs((points[0]?.[0] ?? 0) - (T0 + 2 * BLOCK)) <= 10_000, 'the drive began ten minutes later');
    assert.ok(Math.abs(beforeMs - T0) <= 10_000);
  });
});
