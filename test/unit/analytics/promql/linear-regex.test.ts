import assert from 'node:assert/strict';
import fc from 'fast-check';
import { linearRegex } from '../../../../analytics/promql/linear-regex.js';

const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '[a-c]', '(a|b)', '(?:ab|c)', '\\.', '\\d', '\\w', '(|a)');
const quantifier = fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,}', '{0,3}', '*?');
const part = fc.tuple(atom, quantifier).map(([one, times]) => one + times);
const expression = fc
  .array(
    fc.array(part, { maxLength: 4 }).map(parts => parts.join('')),
    { minLength: 1, maxLength: 3 },
  )
  .map(alternatives => alternatives.join('|'));
const text = fc.array(fc.constantFrom('a', 'b', 'c', '.', '1', '-'), { maxLength: 8 }).map(all => all.join(''));

describe('a regular expression of a matcher', () => {
  it('matches what JavaScript’s own engine matches, anchored at both ends', () => {
    fc.assert(
      fc.property(expression, text, (source, candidate) => {
        assert.equal(linearRegex(source)(candidate), new RegExp(`^(?:${source})$`, 's').test(candidate));
      }),
      { numRuns: 2_000 },
    );
  });

  it('takes no longer for expressions that make others backtrack', () => {
    const hostile = linearRegex('(a+)+(a*)*(a|a)*x');
    assert.equal(hostile('a'.repeat(2_000)), false);
  });

  for (const [source, matching, other] of [
    ['car-(1|2)', 'car-1', 'car-12'],
    ['(?i)Car-[A-C]', 'cAR-b', 'car-d'],
    ['Vehicle\\.OBD\\..*', 'Vehicle.OBD.Speed', 'VehicleXOBD.Speed'],
    ['', '', 'a'],
    ['^a$', 'a', 'ab'],
    ['[]a]', ']', 'b'],
    ['[a-]', '-', 'b'],
  ] as const)
    it(`${source} matches ${matching}, not ${other}`, () => {
      assert.equal(linearRegex(source)(matching), true);
      assert.equal(linearRegex(source)(other), false);
    });

  for (const source of [
    '(',
    ')',
    'a)',
    '[a',
    '*a',
    'a**',
    'a{3,1}',
    'a{1001}',
    '(?P<x>a)',
    '(?=a)',
    '\\',
    '\\q',
    '[b-a]',
    '[\\',
  ])
    it(`refuses ${source}`, () => assert.throws(() => linearRegex(source), { errorType: 'bad_data' }));

  it('refuses what would become too large, nested repeats without content among it', () => {
    assert.throws(() => linearRegex('((a{1000}){1000}){1000}'), { errorType: 'bad_data' });
    assert.throws(() => linearRegex('((((){1000}){1000}){1000}){1000}'), { errorType: 'bad_data' });
    assert.throws(() => linearRegex('('.repeat(1_500)), { errorType: 'bad_data' });
    assert.throws(() => linearRegex('a'.repeat(3_000)), { errorType: 'bad_data' });
  });
});
