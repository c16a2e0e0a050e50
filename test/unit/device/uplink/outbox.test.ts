import assert from 'node:assert/strict';
import fc from 'fast-check';
import { silentLog } from '../../../../common/log.js';
import { decodeBoot, decodeGap, decodeReport, META } from '../../../../protocol/report.js';
import type { Disk } from '../../../../device/uplink/disk.js';
import { idOf } from '../../../../device/uplink/key-set.js';
import type { OutboxOptions } from '../../../../device/uplink/outbox-options.js';
import { Outbox } from '../../../../device/uplink/outbox.js';
import type { Key } from '../../../../device/uplink/records.js';
import type { Stamp } from '../../../../device/clock/time-base.js';
import { fakeClock, type FakeClock } from '../../../fakes/fake-clock.js';
import { seededRandom } from '../../../../lab/seeded-random.js';
import { tearingDisk, type TearingDisk } from '../../../fakes/tearing-disk.js';

const reading = (clock: FakeClock, value = 50) => ({ name: 'spd', value, monoMs: clock.monotonicMs() });

interface Options {
  readonly maxBytes?: number;
  readonly stamp?: () => Stamp | undefined;
}

function open(disk: Disk, clock: FakeClock, options: Options = {}): Promise<Outbox> {
  const stamp = (): Stamp => ({ offsetMs: clock.nowMs() - clock.monotonicMs(), clock: 'system' });
  const all: OutboxOptions = {
    disk,
    vehicle: 'car-1',
    nextBoot: highest => Promise.resolve(highest + 1),
    stamp,
    estimate: () => ({ offsetMs: clock.nowMs() - clock.monotonicMs(), clock: 'estimated' }),
    trustedMs: () => clock.nowMs(),
    maxAgeMs: 30 * 86_400_000,
    maxBytes: 1_000_000,
    syncMs: 200,
    clock,
    timers: clock,
    log: silentLog,
    ...options,
  };
  return Outbox.open(all);
}

/** Everything that an outbox offers to send, as a twin would see it. */
function collect(outbox: Outbox): Map<string, Uint8Array> {
  const offered = new Map<string, Uint8Array>();
  outbox.listen({
    onSendable: reports => reports.forEach(({ key, bytes }) => offered.set(idOf(key), bytes)),
    onDropped: keys => keys.forEach(key => offered.delete(idOf(key))),
  });
  return offered;
}

const keyOf = (id: string): Key => {
  const [boot = 0, seq = 0] = id.split('/').map(Number);
  return { boot, seq };
};

const hexOf = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex');
const samplesOf = (bytes: Uint8Array) => decodeReport(bytes).samples;

describe('outbox', () => {
  it('offers a report only after it is synced, with seqs from 1', async () => {
    const clock = fakeClock();
    const outbox = await open(tearingDisk(seededRandom(1)), clock);
    const offered = collect(outbox);
    outbox.add([reading(clock)]);
    outbox.add([reading(clock)]);
    assert.equal(offered.size, 0);
    await clock.advance(200);
    assert.deepEqual([...offered.keys()], ['1/1', '1/2']);
    assert.deepEqual(outbox.status.accepted, 2);
  });

  it('syncs at once when sixteen reports wait', async () => {
    const clock = fakeClock();
    const outbox = await open(tearingDisk(seededRandom(1)), clock);
    const offered = collect(outbox);
    await clock.advance(200);
    outbox.add([reading(clock)]);
    await clock.advance(0);
    for (let i = 0; i < 16; i++) outbox.add([reading(clock)]);
    await clock.advance(0);
    assert.equal(offered.size, 17);
  });

  it('says in the first report of a boot what the boot before accepted', async () => {
    const clock = fakeClock();
    const disk = tearingDisk(seededRandom(1));
    const first = await open(disk, clock);
    for (let i = 0; i < 3; i++) first.add([reading(clock)]);
    await first[Symbol.asyncDispose]();
    const second = await open(disk, clock);
    const offered = collect(second);
    second.add([reading(clock)]);
    await second.flush();
    const meta = samplesOf(offered.get('2/1')!).find(sample => sample.name === META.boot);
    assert.deepEqual(decodeBoot(meta!.value), { previousBoot: 1, lastAcceptedSeq: 3, clock: 'system' });
  });

  it('sends what an earlier boot left with the same bytes, and never what was acknowledged', async () => {
    const clock = fakeClock();
    const disk = tearingDisk(seededRandom(1));
    const first = await open(disk, clock);
    const before = collect(first);
    for (let i = 0; i < 5; i++) first.add([reading(clock, i)]);
    await first.flush();
    first.acknowledge({ boot: 1, seq: 2 });
    first.acknowledge({ boot: 1, seq: 4 });
    await first[Symbol.asyncDispose]();
    const after = collect(await open(disk, clock));
    assert.deepEqual([...after.keys()], ['1/1', '1/3', '1/5']);
    for (const [id, bytes] of after) assert.deepEqual(bytes, before.get(id));
  });

  it('removes segments once nothing in them is needed', async () => {
    const clock = fakeClock();
    const disk = tearingDisk(seededRandom(1));
    const outbox = await open(disk, clock, { maxBytes: 8_000 });
    const offered = collect(outbox);
    for (let i = 0; i < 500; i++) {
      outbox.add([reading(clock)]);
      await clock.advance(200);
      for (const id of offered.keys()) outbox.acknowledge(keyOf(id));
      offered.clear();
    }
    assert.equal(outbox.status.pending, 0);
    assert.ok((await disk.list()).length <= 3, 'few segments are left');
    assert.equal(outbox.status.sampled, 500, 'no gap report was needed');
  });

  it('drops the oldest backlog at the bound, and declares exactly what it dropped', async () => {
    const clock = fakeClock();
    const disk = tearingDisk(seededRandom(1));
    const outbox = await open(disk, clock, { maxBytes: 65_536 });
    const offered = collect(outbox);
    for (let i = 0; i < 150; i++) {
      for (let j = 0; j < 16; j++) outbox.add([reading(clock)]);
      await clock.advance(200);
    }
    await outbox[Symbol.asyncDispose]();
    assert.ok(outbox.status.diskBytes < 80_000, `${outbox.status.diskBytes} bytes`);
    const declared = declaredBy(offered.values());
    for (let seq = 1; seq <= outbox.status.accepted; seq++)
      assert.notEqual(offered.has(`1/${seq}`), declared.has(`1/${seq}`), `seq ${seq} is kept or declared`);
    assert.ok(declared.has('1/1'), 'the oldest went first');
  });

  it('carries a single old report over when its segment has to go', async () => {
    const clock = fakeClock();
    const disk = tearingDisk(seededRandom(1));
    const outbox = await open(disk, clock, { maxBytes: 8_000 });
    const offered = collect(outbox);
    for (let i = 0; i < 600; i++) {
      outbox.add([reading(clock)]);
      await clock.advance(200);
      for (const id of offered.keys()) if (id !== '1/1') outbox.acknowledge(keyOf(id));
    }
    assert.equal(declaredBy(offered.values()).size, 0);
    const bytes = offered.get('1/1');
    await outbox[Symbol.asyncDispose]();
    const after = collect(await open(disk, clock));
    assert.deepEqual([...after.keys()], ['1/1']);
    assert.equal(hexOf(after.get('1/1')), hexOf(bytes));
  });

  it('declares a rejected report', async () => {
    const clock = fakeClock();
    const outbox = await open(tearingDisk(seededRandom(1)), clock);
    const offered = collect(outbox);
    outbox.add([reading(clock)]);
    await clock.advance(200);
    assert.deepEqual(outbox.reject({ boot: 1, seq: 1 }), offered.get('1/1'));
    await clock.advance(400);
    assert.deepEqual(gapsOf(offered.values()), [{ boot: 1, from: 1, to: 1, reason: 'rejected' }]);
  });

  it('declares reports whose bytes were damaged, and keeps all others', async () => {
    const clock = fakeClock();
    const disk = tearingDisk(seededRandom(1));
    const first = await open(disk, clock);
    for (let i = 0; i < 5; i++) {
      first.add([reading(clock, i)]);
      await first.flush();
    }
    await first[Symbol.asyncDispose]();
    const [name = ''] = await disk.list();
    const content = Buffer.from((await disk.read(name))!);
    disk.damage(name, content.indexOf('car-1', Math.floor(content.length / 2)));
    const second = await open(disk, clock);
    const offered = collect(second);
    await second.flush();
    const gaps = gapsOf(offered.values());
    assert.equal(gaps.length, 1);
    assert.equal(gaps[0]?.reason, 'corrupt');
    assert.deepEqual([...offered.keys()].filter(id => id.startsWith('1/')).length, 4);
  });

  it('refuses a report that could not be sent, without using a seq', async () => {
    const clock = fakeClock();
    const outbox = await open(tearingDisk(seededRandom(1)), clock);
    const long = { name: 'fuelm', value: 'x'.repeat(2_000), monoMs: 0 };
    assert.throws(() => outbox.add([long]), { code: 'REPORT_TOO_LARGE' });
    assert.equal(outbox.status.sampled, 0);
  });

  it('goes on in another segment when a sync fails, and offers everything once', async () => {
    const clock = fakeClock();
    const disk = tearingDisk(seededRandom(1));
    const outbox = await open(disk, clock);
    const seen: string[] = [];
    outbox.listen({
      onSendable: reports => seen.push(...reports.map(({ key }) => idOf(key))),
      onDropped: () => undefined,
    });
    disk.cutAt(disk.operations + 2);
    outbox.add([reading(clock)]);
    await clock.advance(200);
    assert.deepEqual(seen, []);
    disk.cutAt(Infinity);
    await clock.advance(1_000);
    assert.deepEqual(seen, ['1/1']);
  });

  it('is bounded while the disk fails', async () => {
    const clock = fakeClock();
    const disk = tearingDisk(seededRandom(1));
    const outbox = await open(disk, clock);
    disk.cutAt(0);
    assert.throws(
      () => {
        for (let i = 0; i < 2_000; i++) outbox.add([reading(clock)]);
      },
      { code: 'OUTBOX_FULL' },
    );
  });
});

describe('outbox without a clock', () => {
  it('holds reports until the clock is known, then stamps all by one offset', async () => {
    const clock = fakeClock();
    let stamp: Stamp | undefined = undefined;
    const outbox = await open(tearingDisk(seededRandom(1)), clock, { stamp: () => stamp });
    const offered = collect(outbox);
    for (let i = 0; i < 3; i++) {
      outbox.add([reading(clock)]);
      await clock.advance(500);
    }
    assert.equal(offered.size, 0);
    assert.equal(outbox.status.waitingForClock, 3);
    stamp = { offsetMs: Date.UTC(2026, 5, 1), clock: 'gps' };
    outbox.release(stamp);
    await clock.advance(200);
    const times = [...offered.values()].map(bytes => decodeReport(bytes).timeMs - Date.UTC(2026, 5, 1));
    assert.deepEqual(times, [0, 500, 1_000]);
    const meta = samplesOf(offered.get('1/1')!).find(sample => sample.name === META.boot);
    assert.equal(decodeBoot(meta!.value)?.clock, 'gps');
  });

  it('never changes the bytes of a report that was stamped, however much better the clock becomes', async () => {
    const clock = fakeClock();
    const disk = tearingDisk(seededRandom(1));
    const before = await open(disk, clock);
    before.add([reading(clock)]);
    await before[Symbol.asyncDispose]();
    const outbox = await open(disk, clock);
    const offered = collect(outbox);
    const bytesOf = (all: ReadonlyMap<string, Uint8Array>): string[] =>
      [...all].map(([id, bytes]) => `${id} ${hexOf(bytes)}`).sort();
    outbox.add([reading(clock)]);
    await clock.advance(400);
    assert.deepEqual([...offered.keys()].sort(), ['1/1', '2/1']);
    const first = bytesOf(offered);
    outbox.release({ offsetMs: Date.UTC(2027, 5, 1), clock: 'gps' });
    await clock.advance(400);
    assert.deepEqual(bytesOf(offered), first, 'offered once more');
    await outbox[Symbol.asyncDispose]();
    assert.deepEqual(bytesOf(collect(await open(disk, clock))).slice(0, 2), first, 'after a restart');
  });

  it('stamps a report that was on its way to the disk when the clock became known', async () => {
    const clock = fakeClock();
    let stamp: Stamp | undefined = undefined;
    const outbox = await open(tearingDisk(seededRandom(1)), clock, { stamp: () => stamp });
    const offered = collect(outbox);
    outbox.add([reading(clock)]);
    const flushed = outbox.flush();
    stamp = { offsetMs: Date.UTC(2026, 5, 1), clock: 'gps' };
    outbox.release(stamp);
    await flushed;
    await clock.advance(400);
    assert.deepEqual([...offered.keys()], ['1/1']);
  });

  it('estimates the time of reports that a dead boot never stamped, and keeps that estimate', async () => {
    const clock = fakeClock();
    const disk = tearingDisk(seededRandom(1));
    const first = await open(disk, clock, { stamp: () => undefined });
    first.add([reading(clock)]);
    await first[Symbol.asyncDispose]();
    const atMs = clock.nowMs();
    await clock.advance(5_000);
    clock.step(3_600_000);
    const second = collect(await open(disk, clock));
    assert.equal(decodeReport(second.get('1/1')!).timeMs, atMs);
    clock.step(3_600_000);
    assert.equal(hexOf(collect(await open(disk, clock)).get('1/1')), hexOf(second.get('1/1')));
  });
});

const gapsOf = (reports: Iterable<Uint8Array>) =>
  [...reports].flatMap(bytes => samplesOf(bytes).flatMap(s => (s.name === META.gap ? [decodeGap(s.value)!] : [])));

function declaredBy(reports: Iterable<Uint8Array>): Set<string> {
  const ids = new Set<string>();
  for (const { boot, from, to } of gapsOf(reports)) for (let seq = from; seq <= to; seq++) ids.add(`${boot}/${seq}`);
  return ids;
}

/** A life of an outbox: what a user of it could have seen, checked after every power cut. */
async function live(seed: number, plan: readonly Step[], maxBytes: number): Promise<void> {
  const random = seededRandom(seed);
  const clock = fakeClock();
  let disk: TearingDisk = tearingDisk(random);
  const seen = new Map<string, string>();
  const stored = new Map<string, Uint8Array>();
  let outbox = await open(disk, clock, { maxBytes });
  let offered = collect(outbox);
  const look = (): void => {
    for (const [id, bytes] of offered) {
      const text = Buffer.from(bytes).toString('hex');
      assert.equal(seen.get(id) ?? text, text, `${id} has one content for ever`);
      seen.set(id, text);
    }
  };
  for (const step of plan) {
    switch (step.do) {
      case 'add':
        for (let i = 0; i < step.count; i++) outbox.add([reading(clock, i)]);
        break;
      case 'wait':
        await clock.advance(step.ms);
        break;
      case 'acknowledge':
        for (const [id, bytes] of offered) {
          if (random() < step.share) {
            stored.set(id, bytes);
            outbox.acknowledge(keyOf(id));
            offered.delete(id);
          }
        }
        break;
      case 'cut': {
        disk.cutAt(disk.operations + step.afterOperations);
        for (let i = 0; i < 3; i++) outbox.add([reading(clock, i)]);
        await clock.advance(300);
        look();
        disk = disk.afterPowerCut();
        outbox = await open(disk, clock, { maxBytes });
        offered = collect(outbox);
        await outbox.flush();
        break;
      }
    }
    look();
  }
  await outbox.flush();
  await clock.advance(400);
  look();
  // All that is left is delivered; then whatever was ever offered must be stored or declared, and no seq be missing.
  for (const [id, bytes] of offered) stored.set(id, bytes);
  const declared = declaredBy(stored.values());
  for (const id of seen.keys()) assert.ok(stored.has(id) || declared.has(id), `${id} is neither stored nor declared`);
  const highest = new Map<number, number>();
  for (const id of stored.keys())
    highest.set(keyOf(id).boot, Math.max(highest.get(keyOf(id).boot) ?? 0, keyOf(id).seq));
  for (const [boot, last] of highest)
    for (let seq = 1; seq <= last; seq++)
      assert.ok(stored.has(`${boot}/${seq}`) || declared.has(`${boot}/${seq}`), `${boot}/${seq} is an undeclared gap`);
}

type Step =
  | { readonly do: 'add'; readonly count: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'acknowledge'; readonly share: number }
  | { readonly do: 'cut'; readonly afterOperations: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('add' as const), count: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 500 }) }),
  fc.record({ do: fc.constant('acknowledge' as const), share: fc.double({ min: 0.1, max: 1, noNaN: true }) }),
  fc.record({ do: fc.constant('cut' as const), afterOperations: fc.integer({ min: 1, max: 8 }) }),
);

describe('outbox under power cuts', () => {
  for (let afterOperations = 1; afterOperations <= 12; afterOperations++)
    it(`loses nothing when the power goes at disk operation ${afterOperations}`, async () => {
      for (let seed = 0; seed < 20; seed++)
        await live(
          seed,
          [
            { do: 'add', count: 5 },
            { do: 'wait', ms: 250 },
            { do: 'acknowledge', share: 0.5 },
            { do: 'add', count: 30 },
            { do: 'cut', afterOperations },
            { do: 'wait', ms: 250 },
            { do: 'acknowledge', share: 0.5 },
            { do: 'cut', afterOperations },
          ],
          2_000,
        );
    });

  it('loses nothing, changes nothing and hides nothing in any order of events', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.array(step, { maxLength: 25 }),
        fc.constantFrom(1_500, 6_000, 1_000_000),
        (seed, plan, maxBytes) => live(seed, plan, maxBytes),
      ),
      { numRuns: 150 },
    )).timeout(60_000);
});
