import assert from 'node:assert/strict';
import fc from 'fast-check';
import { BATCH_MAX_REPORTS, bytesInBatch, encodeBatch, splitBatch } from '../../../protocol/report-batch.js';
import { fromHex, toHex } from '../../../common/hex.js';

const bytesOf = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array();

describe('a batch of reports', () => {
  it('is a CBOR sequence of byte strings', () => {
    const reports = [bytesOf('0102'), new Uint8Array(24).fill(7), new Uint8Array(256).fill(9)];
    const batch = encodeBatch(reports);
    assert.equal(toHex(batch.subarray(0, 5)), '4201025818');
    assert.equal(toHex(batch.subarray(29, 32)), '590100');
    assert.deepEqual(splitBatch(batch).map(toHex), reports.map(toHex));
  });

  it('gives back what went in, in as many bytes as it said', () => {
    const report = fc.uint8Array({ maxLength: 400 });
    fc.assert(
      fc.property(fc.array(report, { minLength: 1, maxLength: BATCH_MAX_REPORTS }), reports => {
        const batch = encodeBatch(reports);
        assert.equal(
          batch.length,
          reports.reduce((sum, { length }) => sum + bytesInBatch(length), 0),
        );
        assert.deepEqual(splitBatch(batch).map(toHex), reports.map(toHex));
      }),
    );
  });

  it('takes any bytes, or names what is wrong with them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), bytes => {
        try {
          assert.ok(splitBatch(bytes).length > 0);
        } catch (error) {
          assert.match(String(error), /REPORT_MALFORMED/);
        }
      }),
    );
  });

  for (const [what, hex] of [
    ['nothing', ''],
    ['a number', '01'],
    ['a text', '6161'],
    ['a byte string without an end', '5f4101ff'],
    ['a report that is cut', '4301'],
    ['a length that is cut', '58'],
  ] as const)
    it(`is not ${what}`, () => assert.throws(() => splitBatch(bytesOf(hex)), { code: 'REPORT_MALFORMED' }));

  it('has no more reports than a twin takes at once', () => {
    const many = new Uint8Array(BATCH_MAX_REPORTS + 1).fill(0x40);
    assert.throws(() => splitBatch(many), { code: 'REPORT_TOO_LARGE' });
    assert.equal(splitBatch(many.subarray(1)).length, BATCH_MAX_REPORTS);
  });
});
