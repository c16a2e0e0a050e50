import assert from 'node:assert/strict';
import fc from 'fast-check';
import { codeOf } from '../../../common/errors.js';
import { encodeFrame, scanFrames } from '../../../device/uplink/frames.js';
import { decodeRecord, encodeRecord, type OutboxRecord } from '../../../device/uplink/records.js';
import { replay } from '../../../device/uplink/replay.js';

const counter = fc.integer({ min: 1, max: 500 });
const key = fc.record({ boot: fc.integer({ min: 1, max: 3 }), seq: counter }, { noNullPrototype: true });
const range = fc
  .tuple(fc.integer({ min: 1, max: 3 }), counter, fc.nat(20))
  .map(([boot, from, more]) => ({ boot, from, to: from + more }));
const marks = fc
  .tuple(fc.integer({ min: 1, max: 3 }), counter, fc.nat(20))
  .map(([boot, accepted, more]) => ({ boot, accepted, sampled: accepted + more }));

const record: fc.Arbitrary<OutboxRecord> = fc.oneof(
  fc
    .tuple(key, fc.uint8Array({ minLength: 1, maxLength: 200 }))
    .map(([of, bytes]): OutboxRecord => ({ kind: 'report', key: of, bytes })),
  range.map((of): OutboxRecord => ({ kind: 'done', range: of, why: 'acknowledged' })),
  marks.map((of): OutboxRecord => ({ kind: 'marks', marks: of, resent: 1 })),
  fc
    .tuple(fc.array(marks, { maxLength: 3 }), fc.array(range, { maxLength: 3 }))
    .map(([boots, pending]): OutboxRecord => ({ kind: 'checkpoint', schema: 1, boots, pending, resent: 0 })),
);

describe('files of the outbox', () => {
  it('give every record back that was written', () =>
    fc.assert(
      fc.property(fc.array(record, { maxLength: 20 }), records => {
        const bytes = Uint8Array.from(Buffer.concat(records.map(one => encodeFrame(encodeRecord(one)))));
        const { payloads, damagedBytes } = scanFrames(bytes);
        assert.equal(damagedBytes, 0);
        assert.deepEqual(payloads.map(decodeRecord), records);
      }),
      { numRuns: 1_000 },
    ));

  it('lose no record but those that the damage touched', () =>
    fc.assert(
      fc.property(
        fc.array(record, { minLength: 1, maxLength: 12 }),
        fc.nat(),
        fc.uint8Array({ minLength: 1, maxLength: 40 }),
        (records, where, damage) => {
          const frames = records.map(one => encodeFrame(encodeRecord(one)));
          const bytes = Uint8Array.from(Buffer.concat(frames));
          const from = where % bytes.length;
          bytes.set(damage.subarray(0, bytes.length - from), from);
          let at = 0;
          const whole = frames.filter(frame => {
            const isWhole = Buffer.compare(bytes.subarray(at, at + frame.length), frame) === 0;
            at += frame.length;
            return isWhole;
          });
          const found = scanFrames(bytes).payloads.map(payload => Buffer.from(payload).toString('hex'));
          for (const frame of whole) assert.ok(found.includes(Buffer.from(frame.subarray(8)).toString('hex')));
        },
      ),
      { numRuns: 2_000 },
    ));

  it('never fail but by a named error, whatever the bytes', () =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), bytes => {
        const { payloads, damagedBytes } = scanFrames(bytes);
        assert.ok(damagedBytes <= bytes.length);
        for (const payload of payloads) {
          try {
            decodeRecord(payload);
          } catch (error) {
            assert.equal(codeOf(error), 'STORE_SCHEMA');
          }
        }
      }),
      { numRuns: 5_000 },
    ));

  it('in any order of records give each accepted report one state', () =>
    fc.assert(
      fc.property(fc.array(record, { maxLength: 30 }), records => {
        const { pending, held, missing, boots } = replay(records);
        const gone = missing.flatMap(({ boot, from, to }) =>
          Array.from({ length: to - from + 1 }, (_, at) => ({ boot, seq: from + at })),
        );
        const ids = [...pending.map(p => p.key), ...held.map(h => h.key), ...gone].map(k => `${k.boot}/${k.seq}`);
        assert.equal(new Set(ids).size, ids.length);
        for (const [boot, { sampled, accepted }] of boots) assert.ok(sampled >= accepted, `${boot}`);
      }),
      { numRuns: 2_000 },
    ));
});
