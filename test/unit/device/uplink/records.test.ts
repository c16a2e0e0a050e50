import assert from 'node:assert/strict';
import fc from 'fast-check';
import { encodeFrame, MAX_PAYLOAD_BYTES, scanFrames } from '../../../../device/uplink/frames.js';
import { Journal } from '../../../../device/uplink/journal.js';
import { decodeRecord, encodeRecord, withDoneJoined, type OutboxRecord } from '../../../../device/uplink/records.js';
import { readSegments, SegmentLog } from '../../../../device/uplink/segment-log.js';
import { MAX_BOOT, MAX_SEQ } from '../../../../protocol/report.js';
import { seededRandom } from '../../../../lab/seeded-random.js';
import { tearingDisk } from '../../../fakes/tearing-disk.js';

const boot = fc.integer({ min: 1, max: MAX_BOOT });
const seq = fc.integer({ min: 1, max: MAX_SEQ });
const record: fc.Arbitrary<OutboxRecord> = fc.oneof(
  fc.record({
    kind: fc.constant('report' as const),
    key: fc.record({ boot, seq }),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 200 }),
  }),
  fc.record({
    kind: fc.constant('done' as const),
    range: fc.record({ boot, from: seq, to: seq }),
    why: fc.constantFrom('acknowledged' as const, 'bound' as const, 'rejected' as const, 'corrupt' as const),
  }),
  fc.record({
    kind: fc.constant('marks' as const),
    marks: fc.record({ boot, sampled: seq, accepted: seq }),
    resent: seq,
  }),
  fc.record({
    kind: fc.constant('stamp' as const),
    boot,
    offsetMs: fc.integer(),
    clock: fc.constantFrom('gps' as const, 'suspect' as const),
  }),
);

/** Without the prototypes, which no disk keeps. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as unknown;

describe('records of the outbox', () => {
  it('are read as they were written', () =>
    fc.assert(fc.property(record, one => assert.deepEqual(plain(decodeRecord(encodeRecord(one))), plain(one)))));
  it('are passed over where this release does not know them, or a length is wrong', () => {
    assert.equal(decodeRecord(Uint8Array.of(99, 1, 2)), undefined);
    assert.equal(decodeRecord(Uint8Array.of(2, 0x7b)), undefined);
    const done = encodeRecord({ kind: 'done', range: { boot: 1, from: 1, to: 1 }, why: 'bound' });
    assert.equal(decodeRecord(done.subarray(1)), undefined);
    assert.equal(decodeRecord(done.subarray(0, 21)), undefined);
    assert.equal(decodeRecord(Uint8Array.from([...done.subarray(0, 21), 9])), undefined);
  });
  it('of a newer schema are refused', () =>
    assert.throws(
      () => decodeRecord(encodeRecord({ kind: 'checkpoint', schema: 2, boots: [], pending: [], resent: 0 })),
      { code: 'STORE_SCHEMA' },
    ));
  it('never throw anything else, whatever the bytes are', () =>
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), bytes => void decodeRecord(bytes))));

  it('say what is done in as few records as there are ranges, after all reports', () => {
    const done = (at: number, why: 'acknowledged' | 'bound' = 'acknowledged') =>
      ({ kind: 'done', range: { boot: 1, from: at, to: at }, why }) as const;
    const report = { kind: 'report', key: { boot: 1, seq: 9 }, bytes: Uint8Array.of(1) } as const;
    assert.deepEqual(withDoneJoined([done(2), done(1), report, done(4), done(3, 'bound')]), [
      report,
      { kind: 'done', range: { boot: 1, from: 1, to: 2 }, why: 'acknowledged' },
      done(4),
      done(3, 'bound'),
    ]);
  });
});

describe('a checkpoint', () => {
  it('fits into a frame, however many boots and holes there were', async () => {
    const disk = tearingDisk(seededRandom(1));
    const boots = new Map(
      Array.from({ length: 5_000 }, (_, at) => {
        const number = MAX_BOOT - 1 - at;
        return [number, { boot: number, sampled: MAX_SEQ, accepted: MAX_SEQ }] as const;
      }),
    );
    const journal = new Journal({
      segments: new SegmentLog(disk, []),
      boots,
      resent: Number.MAX_SAFE_INTEGER,
      maxBytes: 1_000_000,
      marks: () => ({ boot: MAX_BOOT, sampled: MAX_SEQ, accepted: MAX_SEQ }),
      unsettled: () =>
        Array.from({ length: 100_000 }, (_, at) => ({
          boot: MAX_BOOT,
          from: MAX_SEQ - 400_000 + 4 * at,
          to: MAX_SEQ - 400_000 + 4 * at + 1,
        })),
    });
    await journal.begin();
    const [segment] = await readSegments(disk);
    assert.ok(segment !== undefined && segment.bytes < MAX_PAYLOAD_BYTES, `${segment?.bytes} bytes`);
    const [found] = segment.records;
    assert.ok(found?.kind === 'checkpoint' && found.boots.at(-1)?.boot === MAX_BOOT);
  });
});

describe('frames of the outbox', () => {
  it('that are whole are found, wherever a bit flips', () => {
    const frames = [3, 50, 7].map(length => encodeFrame(new Uint8Array(length).fill(length)));
    const bytes = Buffer.concat(frames);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = Uint8Array.from(bytes);
      damaged[bit >> 3] = damaged[bit >> 3]! ^ (1 << (bit & 7));
      const { payloads, damagedBytes } = scanFrames(damaged);
      assert.equal(payloads.length, 2, `bit ${bit}`);
      assert.ok(damagedBytes > 0);
    }
  });
});
