import assert from 'node:assert/strict';
import { Encoder } from 'cbor-x/index-no-eval';
import fc from 'fast-check';
import { toHex } from '../../../common/hex.js';
import { CborWriter, decodeCbor, shortestWithin, toHalf } from '../../../protocol/cbor.js';

const written = (fill: (out: CborWriter) => void): Uint8Array => {
  const out = new CborWriter();
  fill(out);
  return out.finish();
};
const number = (value: number): string => toHex(written(out => out.number(value)));

describe('the CBOR writer', () => {
  // RFC 8949 appendix A
  for (const [value, hex] of [
    [0, '00'],
    [1, '01'],
    [10, '0a'],
    [23, '17'],
    [24, '1818'],
    [100, '1864'],
    [1000, '1903e8'],
    [1000000, '1a000f4240'],
    [1000000000000, '1b000000e8d4a51000'],
    [-1, '20'],
    [-10, '29'],
    [-100, '3863'],
    [-1000, '3903e7'],
    [1.1, 'fb3ff199999999999a'],
    [1.5, 'f93e00'],
    [100000.5, 'fa47c35040'],
    [0.00006103515625, 'f90400'],
    [-4.1, 'fbc010666666666666'],
    [0.5, 'f93800'],
    [-0, 'f98000'],
  ] as const)
    it(`writes ${value} as ${hex}`, () => assert.equal(number(value), hex));

  it('writes texts, booleans, arrays and maps as RFC 8949 does', () => {
    assert.equal(toHex(written(out => out.text('IETF'))), '6449455446');
    assert.equal(toHex(written(out => out.text('水'))), '63e6b0b4');
    assert.equal(toHex(written(out => (out.array(2), out.boolean(false), out.boolean(true)))), '82f4f5');
    assert.equal(toHex(written(out => (out.map(1), out.number(1), out.number(2)))), 'a10102');
  });

  it('is read back by cbor-x, any number and text, past its first buffer', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.double({ noNaN: true }), fc.maxSafeInteger(), fc.string({ maxLength: 300 })), {
          maxLength: 20,
        }),
        values => {
          const bytes = written(out => {
            out.array(values.length);
            for (const value of values) {
              if (typeof value === 'string') out.text(value);
              else out.number(value);
            }
          });
          const read = (decodeCbor(bytes) as unknown[]).map(value =>
            typeof value === 'bigint' ? Number(value) : value,
          );
          assert.deepEqual(read, values);
        },
      ),
    );
  });

  it('never takes more bytes for a number than cbor-x', () => {
    const encoder = new Encoder({ useRecords: false });
    fc.assert(
      fc.property(fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer()), value => {
        // cbor-x drops the sign of -0.
        fc.pre(!Object.is(value, -0));

        assert.ok(written(out => out.number(value)).length <= encoder.encode(value).length, String(value));
      }),
    );
  });

  it('finds the half of a number only where they are equal', () => {
    fc.assert(
      fc.property(fc.integer({ min: -14, max: 15 }), fc.nat(1023), fc.boolean(), (exponent, mantissa, negative) => {
        const value = (negative ? -1 : 1) * (1 + mantissa / 1024) * 2 ** exponent;
        assert.equal(toHalf(value), (negative ? 0x8000 : 0) | ((exponent + 15) << 10) | mantissa);
      }),
    );
    for (const value of [0, 1 / 3, 65_536, 1e-9, NaN, Infinity]) assert.equal(toHalf(value), undefined);
  });

  it('shortens a number by no more than it may', () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }),
        fc.double({ min: 0, max: 10, noNaN: true }),
        (value, tolerance) => {
          const found = shortestWithin(value, tolerance);
          assert.ok(Math.abs(found - value) <= tolerance);
          assert.ok(number(found).length <= number(value).length);
        },
      ),
    );
    assert.equal(number(shortestWithin(1726.013, 0.0625)), '1906be');
    assert.equal(number(shortestWithin(12.34, 0.004)).length, 6, 'a half holds it');
  });
});
