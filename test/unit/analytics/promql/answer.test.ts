import assert from 'node:assert/strict';
import fc from 'fast-check';
import { valueText } from '../../../../analytics/promql/answer.js';

describe('a value in an answer', () => {
  for (const [value, text] of [
    [0, '0'],
    [-0, '-0'],
    [1e21, '1000000000000000000000'],
    [1.5e-7, '0.00000015'],
    [-2e-10, '-0.0000000002'],
    [1.25e22, '12500000000000000000000'],
    [NaN, 'NaN'],
    [Infinity, '+Inf'],
    [-Infinity, '-Inf'],
  ] as const)
    it(`${value} is ${text}`, () => assert.equal(valueText(value), text));

  it('has no exponent, and is the same number', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), value => {
        const text = valueText(value);
        assert.match(text, /^-?\d+(\.\d+)?$/);
        assert.ok(Object.is(Number(text), value));
      }),
    );
  });
});
