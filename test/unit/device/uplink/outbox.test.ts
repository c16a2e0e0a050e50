import assert from 'node:assert/strict';
import { idOf } from '../../../../device/uplink/key-set.js';
import { seededRandom } from '../../../../lab/seeded-random.js';
import { decodeBoot, META } from '../../../../protocol/report.js';
import { fakeClock } from '../../../fakes/fake-clock.js';
import {
  collect,
  declaredBy,
  gapsOf,
  hexOf,
  keyOf,
  openOutbox,
  reading,
  samplesOf,
} from '../../../fakes/outbox-scene.js';
import { tearingDisk } from '../../../fakes/tearing-disk.js';

describe('outbox', () => {
  it('offers a report only after it is synced, with seqs from 1', async () => {
    const clock = fakeClock();
    const outbox = await openOutbox(tearingDisk(seededRandom(1)), clock);
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
    const outbox = await openOutbox(tearingDisk(seededRandom(1)), clock);
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
    const first = await openOutbox(disk, clock);
    for (let i = 0; i < 3; i++) first.add([reading(clock)]);
    await first[Symbol.asyncDispose]();
    const second = await openOutbox(disk, clock);
    const offered = collect(second);
    second.add([reading(clock)]);
    await second.flush();
    const meta = samplesOf(offered.get('2/1')!).find(sample => sample.name === META.boot);
    assert.deepEqual(decodeBoot(meta!.value), { previousBoot: 1, lastAcceptedSeq: 3, clock: 'system' });
  });

  it('sends what an earlier boot left with the same bytes, and never what was acknowledged', async () => {
    const clock = fakeClock();
    const disk = tearingDisk(seededRandom(1));
    const first = await openOutbox(disk, clock);
    const before = collect(first);
    for (let i = 0; i < 5; i++) first.add([reading(clock, i)]);
    await first.flush();
    first.acknowledge({ boot: 1, seq: 2 });
    first.acknowledge({ boot: 1, seq: 4 });
    await first[Symbol.asyncDispose]();
    const after = collect(await openOutbox(disk, clock));
    assert.deepEqual([...after.keys()], ['1/1', '1/3', '1/5']);
    for (const [id, bytes] of after) assert.deepEqual(bytes, before.get(id));
  });

  it('removes segments once nothing in them is needed', async () => {
    const clock = fakeClock();
    const disk = tearingDisk(seededRandom(1));
    const outbox = await openOutbox(disk, clock, { maxBytes: 8_000 });
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
    const outbox = await openOutbox(disk, clock, { maxBytes: 65_536 });
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
    const outbox = await openOutbox(disk, clock, { maxBytes: 8_000 });
    const offered = collect(outbox);
    for (let i = 0; i < 600; i++) {
      outbox.add([reading(clock)]);
      await clock.advance(200);
      for (const id of offered.keys()) if (id !== '1/1') outbox.acknowledge(keyOf(id));
    }
    assert.equal(declaredBy(offered.values()).size, 0);
    const bytes = offered.get('1/1');
    await outbox[Symbol.asyncDispose]();
    const after = collect(await openOutbox(disk, clock));
    assert.deepEqual([...after.keys()], ['1/1']);
    assert.equal(hexOf(after.get('1/1')), hexOf(bytes));
  });

  it('declares a rejected report', async () => {
    const clock = fakeClock();
    const outbox = await openOutbox(tearingDisk(seededRandom(1)), clock);
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
    const first = await openOutbox(disk, clock);
    for (let i = 0; i < 5; i++) {
      first.add([reading(clock, i)]);
      await first.flush();
    }
    await first[Symbol.asyncDispose]();
    const [name = ''] = await disk.list();
    const content = Buffer.from((await disk.read(name))!);
    disk.damage(name, content.indexOf('car-1', Math.floor(content.length / 2)));
    const second = await openOutbox(disk, clock);
    const offered = collect(second);
    await second.flush();
    const gaps = gapsOf(offered.values());
    assert.equal(gaps.length, 1);
    assert.equal(gaps[0]?.reason, 'corrupt');
    assert.deepEqual([...offered.keys()].filter(id => id.startsWith('1/')).length, 4);
  });

  it('refuses a report that could not be sent, without using a seq', async () => {
    const clock = fakeClock();
    const outbox = await openOutbox(tearingDisk(seededRandom(1)), clock);
    const long = { name: 'fuelm', value: 'x'.repeat(2_000), monoMs: 0 };
    assert.throws(() => outbox.add([long]), { code: 'REPORT_TOO_LARGE' });
    assert.equal(outbox.status.sampled, 0);
  });

  it('goes on in another segment when a sync fails, and offers everything once', async () => {
    const clock = fakeClock();
    const disk = tearingDisk(seededRandom(1));
    const outbox = await openOutbox(disk, clock);
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
    const outbox = await openOutbox(disk, clock);
    disk.cutAt(0);
    assert.throws(
      () => {
        for (let i = 0; i < 2_000; i++) outbox.add([reading(clock)]);
      },
      { code: 'OUTBOX_FULL' },
    );
  });
});
