import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parsePromql, typeOf } from '../../../../analytics/promql/parse.js';
import { PromqlError } from '../../../../analytics/promql/promql-error.js';

const refused = (query: string, words: RegExp): void => {
  assert.throws(
    () => parsePromql(query),
    (error: unknown) => error instanceof PromqlError && error.errorType === 'bad_data' && words.test(error.message),
    query,
  );
};

describe('a query', () => {
  it('is a tree of our own, with durations in milliseconds', () => {
    const expr = parsePromql('rate(twin_signal{vehicle="car-1"}[1m30s] offset 5m)');
    assert.equal(expr.kind, 'call');
    const [range] = expr.kind === 'call' ? expr.args : [];
    assert.ok(range?.kind === 'range');
    assert.deepEqual([range.rangeMs, range.selector.offsetMs], [90_000, 300_000]);
    assert.deepEqual(
      range.selector.matchers.map(({ name, op, value }) => [name, op, value]),
      [
        ['__name__', '=', 'twin_signal'],
        ['vehicle', '=', 'car-1'],
      ],
    );
  });

  for (const [query, type] of [
    ['1', 'scalar'],
    ['-(1 + 2)', 'scalar'],
    ['"text"', 'string'],
    ['x', 'vector'],
    ['x[5m]', 'matrix'],
    ['time()', 'scalar'],
    ['sum(x) > bool 1', 'vector'],
    ['scalar(x) + 1', 'scalar'],
  ] as const)
    it(`${query} gives a ${type}`, () => assert.equal(typeOf(parsePromql(query)), type));

  for (const [query, words] of [
    ['x[5m:1m]', /subquery is not supported/],
    ['x @ 100', /@ modifier is not supported/],
    ['histogram_quantile(0.9, x)', /function histogram_quantile is not supported/],
    ['label_replace(x, "a", "b", "c", "d")', /label_replace is not supported/],
    ['count_values("a", x)', /count_values is not supported/],
    ['x * on(a) group_left(b) y', /group_left and group_right are not supported/],
    ['x atan2 y', /operator atan2 is not supported/],
    ['sum(x', /1:6: parse error: unexpected end of input/],
    ['', /no expression found/],
    ['x{a="b"', /parse error/],
    ['x{a=~"("}', /regexp/],
    ['{a=""}', /at least one non-empty matcher/],
    ['rate(x)', /expected type range vector in call to function "rate", got instant vector/],
    ['constructor(x)', /parse error/],
    ['x offset 5m offset 5m', /multiple times/],
  ] as const)
    it(`${query || '(nothing)'} is refused with the reason`, () => refused(query, words));

  it('that is very deep or long is refused, not a reason to fall over', () => {
    refused('('.repeat(5_000) + '1' + ')'.repeat(5_000), /unexpected/);
    refused('('.repeat(300) + '1' + ')'.repeat(300), /at most 200 deep/);
    refused('1' + '+1'.repeat(7_000), /unexpected/);
    refused('1' + '+x'.repeat(500), /at most 200 deep/);
    refused('x'.repeat(20_000), /characters/);
  });

  it('of any letters gives a tree or a PromqlError', () => {
    const word = fc.constantFrom(
      ...'sum( ) [ ] { } , = =~ "a" "(" x y 5m 1 by offset + - * / > bool on rate( [5m] '.split(' '),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(word).map(words => words.join(' ')),
        ),
        query => {
          try {
            typeOf(parsePromql(query));
          } catch (error) {
            assert.ok(error instanceof PromqlError, String(error));
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
