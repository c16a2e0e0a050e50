import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodeReport, type Report } from '../../../protocol/report.js';
import { signalByWire } from '../../../protocol/signals.js';
import { liveFromReport } from '../../../store/join.js';
import { startAnalytics, type AnalyticsUnderTest } from '../../fakes/analytics-under-test.js';
import { rowOf } from '../../fakes/recorded-reports.js';
import { hasPrometheus, startPrometheus, type KnownSample } from './prometheus-server.js';
import type { RunningPrometheus } from './spawn-prometheus.js';
import { queries } from './queries.js';

const LOOKBACK = '20s';
const START_MS = Date.UTC(2026, 5, 1, 10);
const MINUTES = 40;
const RANDOM_QUERIES = 150;

/** Reports of three cars with a silence, a counter that begins anew, and times that are no whole seconds. */
function drive(): Report[] {
  const reports: Report[] = [];
  for (const [car, vehicle] of ['car-1', 'car-2', 'bus-1'].entries()) {
    let seq = 0;
    for (let i = 0; i < MINUTES * 60; i++) {
      const silent = i > 600 + car * 60 && i < 700 + car * 200;
      // Car 2 reports every third second.
      if (silent || (car === 1 && i % 3 !== 0)) continue;
      const timeMs = START_MS + i * 1_000 + ((i * 37 + car * 11) % 400);
      const samples = [
        { name: 'spd', value: (i * (car + 3)) % 131, timeMs },
        { name: 'rpm', value: 800 + car + ((i * 16) % 2_000), timeMs },
        { name: 'dist', value: Math.floor(((i + car * 100) % 1_500) / 10), timeMs },
        ...(i % 20 === 0 ? [{ name: 'ect', value: -10 + (i % 90), timeMs }] : []),
      ];
      reports.push({ vehicle, boot: 1, seq: ++seq, timeMs, samples });
    }
  }
  return reports;
}

const SPEED = 'twin_signal{signal="Vehicle.OBD.Speed"}';
const DISTANCE = 'twin_signal{signal="Vehicle.OBD.DistanceSinceDTCClear"}';
const RPM = 'twin_signal{signal="Vehicle.OBD.EngineSpeed"}';

const FIXED = [
  '1 + 2 * 3 ^ 2 ^ 0.5 % 5 - -4',
  'twin_signal',
  `${SPEED} offset 45s`,
  `${SPEED} offset -45s`,
  'twin_signal{signal=~"Vehicle.OBD.(Speed|EngineSpeed)",vehicle!~"car-[13-9]|bus.*"}',
  'twin_signal{vehicle!="car-1",signal=~".+Speed"}',
  'nothing_of_that_name',
  `avg_over_time(${SPEED}[1m])`,
  `min_over_time(${SPEED}[30s])`,
  `max_over_time(${SPEED}[30s] offset 1m)`,
  `sum_over_time(${RPM}[2m])`,
  `count_over_time(twin_signal[90s])`,
  `last_over_time(${SPEED}[5m])`,
  `present_over_time(${SPEED}[10s])`,
  `rate(${DISTANCE}[5m])`,
  `increase(${DISTANCE}[10m])`,
  `delta(${SPEED}[3m])`,
  `irate(${DISTANCE}[1m])`,
  `idelta(${SPEED}[1m])`,
  `changes(${DISTANCE}[5m])`,
  `resets(${DISTANCE}[30m])`,
  `sum by (vehicle) (${SPEED})`,
  'avg without (vehicle) (twin_signal)',
  `count(${SPEED} > 50)`,
  `max by (signal) (rate(twin_signal[1m]))`,
  `quantile(0.9, ${SPEED})`,
  `stddev(${SPEED})`,
  `topk(1, ${SPEED})`,
  `bottomk(2, ${RPM})`,
  `${RPM} / on(vehicle) ${SPEED}`,
  `${RPM} - ignoring(signal) ${SPEED}`,
  `${SPEED} == bool 0`,
  `${SPEED} > 60 and ${SPEED} < 100`,
  `${SPEED} or on(vehicle) ${RPM}`,
  `${SPEED} unless on(vehicle) (${RPM} > 1500)`,
  `-${SPEED}`,
  `time() - timestamp(${SPEED})`,
  `clamp(${SPEED}, 20, 80)`,
  `round(${RPM} / 7, 0.5)`,
  `vector(3) * 2`,
  `scalar(${SPEED}{vehicle="car-1"})`.replace('"}{', '",'),
  `absent(twin_signal{vehicle="nobody"})`,
  'sum(twin_signal{vehicle="car-1"}) or vector(0)',
];

const REFUSED = [
  '',
  'sum(',
  'twin_signal{',
  '{}',
  'twin_signal{vehicle=~".*"}[5m] offset',
  'rate(twin_signal)',
  'sum(1)',
  '1 > 2',
  'twin_signal and 1',
  '"text" + 1',
  'rate(twin_signal[0s])',
  'avg_over_time(twin_signal[5m], 1)',
  'no_such_function(twin_signal)',
  'twin_signal{vehicle=~"("}',
  'sum by (vehicle) (twin_signal) + on(vehicle) twin_signal',
  'twin_signal + on(vehicle) twin_signal',
];

interface Answer {
  readonly status: string;
  readonly errorType?: string;
  readonly error?: string;
  readonly data?: { readonly resultType: string; readonly result: unknown };
}

type Row = { metric: Record<string, string>; value?: [number, string]; values?: [number, string][] };

async function ask(url: string, path: string, params: Readonly<Record<string, string>>): Promise<Answer> {
  const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(params)}`);
  return (await response.json()) as Answer;
}

const near = (a: string, b: string): boolean => {
  const [x, y] = [Number(a.replace('Inf', 'Infinity')), Number(b.replace('Inf', 'Infinity'))];
  return Object.is(x, y) || x === y || Math.abs(x - y) <= 1e-9 * Math.max(Math.abs(x), Math.abs(y), 1e-3);
};

const key = ({ metric }: Row): string => JSON.stringify(Object.entries(metric).sort());

function compare(ours: Answer, theirs: Answer, what: string): void {
  if (theirs.status === 'error') {
    assert.deepEqual(
      [ours.status, ours.errorType],
      ['error', theirs.errorType],
      `${what}\n${ours.error}\n${theirs.error}`,
    );
    return;
  }
  assert.equal(ours.status, 'success', `${what}: ${ours.error}`);
  assert.equal(ours.data?.resultType, theirs.data?.resultType, what);
  if (theirs.data?.resultType === 'scalar') {
    const [mine, real] = [ours.data?.result, theirs.data.result] as [[number, string], [number, string]];
    assert.ok(mine[0] === real[0] && near(mine[1], real[1]), `${what}: ${mine} ${real}`);
    return;
  }
  const [mine, real] = [ours.data?.result, theirs.data?.result].map(rows =>
    (rows as Row[]).toSorted((a, b) => (key(a) < key(b) ? -1 : 1)),
  ) as [Row[], Row[]];
  assert.deepEqual(mine.map(key), real.map(key), what);
  for (const [i, row] of real.entries()) {
    const wanted = row.values ?? [row.value ?? [0, '']];
    const found = mine[i]?.values ?? [mine[i]?.value ?? [0, '']];
    assert.deepEqual(
      found.map(([time]) => time),
      wanted.map(([time]) => time),
      `${what} ${key(row)}`,
    );
    for (const [k, [time, value]] of wanted.entries())
      assert.ok(near(found[k]?.[1] ?? '', value), `${what} ${key(row)} at ${time}: ${found[k]?.[1]}, not ${value}`);
  }
}

describe('PromQL over twins, beside a real Prometheus with the same samples', () => {
  let prometheus: RunningPrometheus;
  let analytics: AnalyticsUnderTest;

  before(async function () {
    if (!hasPrometheus()) {
      console.log('      skipped: prometheus is not installed (apt-get install prometheus)');
      this.skip();
    }
    this.timeout(60_000);
    const rows = drive().map(report => rowOf(report));
    const samples = rows.flatMap(({ bytes }): KnownSample[] => {
      const { vehicle, samples: found } = decodeReport(bytes);
      return found.map(({ name, value, timeMs }) => ({
        name: 'twin_signal',
        labels: { vehicle, signal: signalByWire(name)?.path ?? '' },
        value: Number(value),
        timeMs,
      }));
    });
    prometheus = await startPrometheus(samples, LOOKBACK);
    analytics = await startAnalytics({
      managerUrl: 'http://127.0.0.1:9',
      seed: async store => {
        await store.append(rows);
        for (const vehicle of new Set(rows.map(row => row.vehicle))) {
          const cells = rows
            .filter(row => row.vehicle === vehicle)
            .slice(-40)
            .flatMap(({ bytes, receivedAtMs }) => liveFromReport(decodeReport(bytes), receivedAtMs, Date.now()));
          await store.putLive(vehicle, cells);
        }
      },
    });
  });

  after(async () => {
    await analytics?.[Symbol.asyncDispose]();
    await prometheus?.[Symbol.asyncDispose]();
  });

  /** Asks both the same; ours with the look-back that theirs was started with. */
  async function same(path: string, params: Readonly<Record<string, string>>): Promise<void> {
    const [ours, theirs] = await Promise.all([
      ask(analytics.url, path, { ...params, lookback_delta: LOOKBACK }),
      ask(prometheus.url, path, params),
    ]);
    compare(ours, theirs, `${path} ${JSON.stringify(params)}`);
  }

  const at = (seconds: number): string => String(START_MS / 1000 + seconds);
  const RANGES = [
    { start: at(0), end: at(MINUTES * 60), step: '30' },
    { start: at(599.5), end: at(760), step: '1' },
    { start: at(-30), end: at(90), step: '7s' },
  ];

  for (const query of FIXED)
    it(`answers alike: ${query}`, async () => {
      for (const time of [at(300), at(650.123), at(2_399)]) await same('query', { query, time });
      for (const range of RANGES) await same('query_range', { query, ...range });
    });

  it(`answers alike to ${RANDOM_QUERIES} queries made at random`, async function () {
    this.timeout(60_000);
    const made = fc.sample(fc.tuple(queries(), fc.integer({ min: -20, max: 2_500 })), {
      seed: 20_261,
      numRuns: RANDOM_QUERIES,
    });
    for (const [query, seconds] of made) {
      await same('query', { query, time: at(seconds) });
      await same('query_range', { query, start: at(seconds), end: at(seconds + 300), step: '20' });
    }
  });

  it('refuses alike what is no query', async () => {
    for (const query of REFUSED) await same('query', { query, time: at(300) });
    const query = 'twin_signal';
    await same('query_range', { query, start: at(0), end: at(20_000), step: '1' });
    await same('query_range', { query, start: at(10), end: at(0), step: '1' });
    await same('query_range', { query, start: at(0), end: at(10), step: '0' });
    await same('query_range', { query: 'twin_signal[1m]', start: at(0), end: at(10), step: '5' });
    await same('query_range', { query, start: 'yesterday', end: at(10), step: '5' });
  });

  it('lists the same labels, values and series', async () => {
    const sorted = async (url: string, path: string): Promise<string[]> => {
      const { data } = (await (await fetch(`${url}/api/v1/${path}`)).json()) as { data: unknown[] };
      return data.map(row => JSON.stringify(row, Object.keys(row as object).sort())).sort();
    };
    const match = new URLSearchParams([['match[]', 'twin_signal{vehicle=~"car.*"}']]).toString();
    const span = `start=${START_MS / 1000}&end=${START_MS / 1000 + 3_000}`;
    for (const path of [
      `series?${match}&${span}`,
      `label/signal/values?${match}&${span}`,
      `label/vehicle/values?${match}&${span}`,
      `labels?${match}&${span}`,
    ])
      assert.deepEqual(await sorted(analytics.url, path), await sorted(prometheus.url, path), path);
  });
});
