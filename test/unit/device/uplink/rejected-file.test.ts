import assert from 'node:assert/strict';
import { scanFrames } from '../../../../device/uplink/frames.js';
import { decodeRecord, type OutboxRecord } from '../../../../device/uplink/records.js';
import { RejectedFile } from '../../../../device/uplink/rejected-file.js';
import { seededRandom } from '../../../../lab/seeded-random.js';
import { tearingDisk, type TearingDisk } from '../../../fakes/tearing-disk.js';

async function kept(disk: TearingDisk): Promise<OutboxRecord[]> {
  const files = await Promise.all(['rejected.old', 'rejected.log'].map(name => disk.read(name)));
  return files.flatMap(bytes => scanFrames(bytes ?? new Uint8Array()).payloads.map(payload => decodeRecord(payload)!));
}

const bytesOf = (seq: number): Uint8Array => new Uint8Array(100).fill(seq & 0xff);

describe('rejected file', () => {
  it('keeps a report durably, whatever it holds', async () => {
    const disk = tearingDisk(seededRandom(1));
    await new RejectedFile(disk, 10_000).keep({ boot: 2, seq: 7 }, bytesOf(7));
    const found = await kept(disk.afterPowerCut());
    assert.deepEqual(found, [{ kind: 'report', key: { boot: 2, seq: 7 }, bytes: bytesOf(7) }]);
  });

  it('stays within its bound, and keeps the newest', async () => {
    const disk = tearingDisk(seededRandom(1));
    const file = new RejectedFile(disk, 2_000);
    await Promise.all(Array.from({ length: 100 }, (_, at) => file.keep({ boot: 1, seq: at + 1 }, bytesOf(at + 1))));
    const sizes = await Promise.all((await disk.list()).map(async name => (await disk.read(name))?.length ?? 0));
    assert.ok(sizes.reduce((sum, size) => sum + size, 0) <= 2_000, String(sizes));
    const seqs = (await kept(disk)).map(record => (record.kind === 'report' ? record.key.seq : 0));
    assert.ok(seqs.length >= 8);
    assert.deepEqual(
      seqs,
      seqs.map((_seq, at) => 101 - seqs.length + at),
    );
  });

  it('goes on after the disk has failed once', async () => {
    const disk = tearingDisk(seededRandom(1));
    const file = new RejectedFile(disk, 10_000);
    disk.cutAt(0);
    await assert.rejects(file.keep({ boot: 1, seq: 1 }, bytesOf(1)), { code: 'EIO' });
    disk.cutAt(Infinity);
    await file.keep({ boot: 1, seq: 2 }, bytesOf(2));
    assert.ok((await kept(disk)).some(record => record.kind === 'report' && record.key.seq === 2));
  });
});
