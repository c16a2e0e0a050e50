import assert from 'node:assert/strict';
import type { Stamp } from '../../../../device/clock/time-base.js';
import { seededRandom } from '../../../../lab/seeded-random.js';
import { decodeBoot, decodeReport, META } from '../../../../protocol/report.js';
import { fakeClock } from '../../../fakes/fake-clock.js';
import { collect, hexOf, openOutbox, reading, samplesOf } from '../../../fakes/outbox-scene.js';
import { tearingDisk } from '../../../fakes/tearing-disk.js';

describe('outbox without a clock', () => {
  it('holds reports until the clock is known, then stamps all by one offset', async () => {
    const clock = fakeClock();
    let stamp: Stamp | undefined = undefined;
    const outbox = await openOutbox(tearingDisk(seededRandom(1)), clock, { stamp: () => stamp });
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
    const before = await openOutbox(disk, clock);
    before.add([reading(clock)]);
    await before[Symbol.asyncDispose]();
    const outbox = await openOutbox(disk, clock);
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
    assert.deepEqual(bytesOf(collect(await openOutbox(disk, clock))).slice(0, 2), first, 'after a restart');
  });

  it('stamps a report that was on its way to the disk when the clock became known', async () => {
    const clock = fakeClock();
    let stamp: Stamp | undefined = undefined;
    const outbox = await openOutbox(tearingDisk(seededRandom(1)), clock, { stamp: () => stamp });
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
    const first = await openOutbox(disk, clock, { stamp: () => undefined });
    first.add([reading(clock)]);
    await first[Symbol.asyncDispose]();
    const atMs = clock.nowMs();
    await clock.advance(5_000);
    clock.step(3_600_000);
    const second = collect(await openOutbox(disk, clock));
    assert.equal(decodeReport(second.get('1/1')!).timeMs, atMs);
    clock.step(3_600_000);
    assert.equal(hexOf(collect(await openOutbox(disk, clock)).get('1/1')), hexOf(second.get('1/1')));
  });
});
