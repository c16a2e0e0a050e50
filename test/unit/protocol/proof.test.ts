import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isProof, proofOf } from '../../../protocol/proof.js';

const KEY = '000102030405060708090a0b0c0d0e0f';
const ID = { vehicle: 'car-7', boot: 3, seq: 42 };

describe('proof of a report', () => {
  it('is HMAC-SHA-256 over vehicle, boot and seq, cut to eight bytes', () =>
    assert.equal(proofOf(KEY, ID), 't3IxtKvCmwk'));

  it('is of one vehicle, boot, seq and key', () => {
    const shown = proofOf(KEY, ID);
    assert.equal(isProof(KEY, ID, shown), true);
    for (const other of [{ vehicle: 'car-8' }, { boot: 4 }, { seq: 43 }])
      assert.equal(isProof(KEY, { ...ID, ...other }, shown), false, JSON.stringify(other));
    assert.equal(isProof(KEY.replace('0f', '0e'), ID, shown), false);
  });

  it('tells (boot, seq) apart however their digits run together', () =>
    assert.notEqual(proofOf(KEY, { ...ID, boot: 1, seq: 23 }), proofOf(KEY, { ...ID, boot: 12, seq: 3 })));

  it('takes nothing else for one, and never throws', () => {
    const shown = proofOf(KEY, ID);
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.constant(shown.slice(0, 10))), value => {
        assert.equal(isProof(KEY, ID, value), value === shown);
      }),
    );
  });
});
