import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../../common/package-root.js';
import { scanFrames } from '../../../../device/uplink/frames.js';
import { decodeRecord } from '../../../../device/uplink/records.js';
import { replay } from '../../../../device/uplink/replay.js';
import { decodeBoot, decodeReport, META } from '../../../../protocol/report.js';

const capture = (name: string): Uint8Array =>
  Uint8Array.from(readFileSync(join(packageRoot(), 'test', 'captures', 'device', name)));
const START_MS = Date.UTC(2026, 5, 1, 12, 0, 0, 250);

describe('formats of release 0.1.0', () => {
  it('a report is read as it was meant', () => {
    const report = decodeReport(capture('report-v1.bin'));
    assert.deepEqual([report.vehicle, report.boot, report.seq, report.timeMs], ['car-1', 4, 1, START_MS + 500]);
    const value = (name: string) => report.samples.find(sample => sample.name === name);
    assert.deepEqual(decodeBoot(value(META.boot)!.value), { previousBoot: 3, lastAcceptedSeq: 17, clock: 'system' });
    assert.equal(value('spd')?.value, 51);
    assert.ok(Math.abs(Number(value('rpm')?.value) - 1726.25) < 0.0626);
    assert.ok(Math.abs(Number(value('lat')?.value) - 38.0242113) < 1e-7);
    assert.equal(value('lat')?.timeMs, START_MS + 250);
    assert.equal(value('fuelm')?.value, 'maf/envirocar');
  });

  it('a segment of the outbox is read as it was meant', () => {
    const { payloads, damagedBytes } = scanFrames(capture('outbox-0000000001.log'));
    assert.equal(damagedBytes, 0);
    const records = payloads.map(decodeRecord).filter(record => record !== undefined);
    assert.equal(records.length, payloads.length);
    const found = replay(records);
    assert.deepEqual(
      found.pending.map(({ key }) => key),
      [{ boot: 4, seq: 3 }],
    );
    assert.equal(decodeReport(found.pending[0]!.bytes).seq, 3);
    assert.deepEqual(found.missing, [{ boot: 3, from: 17, to: 17 }]);
    assert.deepEqual(
      found.held.map(({ key, samples }) => [key.seq, samples.length]),
      [[4, 1]],
    );
    assert.deepEqual([found.stamps.get(4)?.offsetMs, found.stamps.get(4)?.clock], [START_MS, 'gps']);
    assert.deepEqual(found.boots.get(4), { boot: 4, sampled: 4, accepted: 4 });
    assert.equal(found.resent, 6);
  });
});
