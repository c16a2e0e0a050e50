import assert from 'node:assert/strict';
import { pivot } from '../../../bench/pivot.js';

const row = (name: string, metric: string, median: number, cpuIdle: number) => ({
  ...{ case: name, metric, unit: 'ms', n: 300, median, p95: 2, p99: 12.345, max: 1_234.5, cpuIdle },
});

describe('a table with one line a case', () => {
  it('has its columns in order, a dash for what was not measured, and the mean of the idle shares', () => {
    const rows = [row('armed', 'gap', 0.071_23, 0.6), row('armed', 'sum', 1, 0.8), row('paper', 'gap', 0, 0.5)];
    const columns = [
      { title: 'gap, ms', metric: 'gap', show: ['median', 'p99', 'max'] },
      { title: 'sum', metric: 'sum', show: ['n'] },
    ] as const;
    assert.deepEqual(pivot(rows, columns), [
      '| case | gap, ms | sum | CPU idle |',
      '| --- | --- | --- | --- |',
      '| armed | 0.0712 / 12.3 / 1,235 | 300 | 70 % |',
      '| paper | 0 / 12.3 / 1,235 | – | 50 % |',
    ]);
  });
});
