import assert from 'node:assert/strict';
import { countRow, mergedByCase } from '../../../bench/harness.js';

const row = (name: string, metric: string, value: number) => countRow(name, metric, value, 0);

describe('results of a benchmark', () => {
  it('take the place of those of the same case, and leave the others', () => {
    const before = [row('a', 'x', 1), row('a', 'y', 2), row('b', 'x', 3)];
    const after = mergedByCase(before, [row('c', 'x', 4), row('a', 'x', 5)]);
    assert.deepEqual(after, [row('a', 'x', 5), row('b', 'x', 3), row('c', 'x', 4)]);
  });
});
