import type { BenchRow } from './harness.js';

/** A table with one line a case, where the plain one has a line for each metric: pure. */
export interface Column {
  readonly title: string;
  readonly metric: string;
  /** What of the metric's row is shown, in this order. */
  readonly show: readonly ('n' | 'median' | 'p95' | 'p99' | 'max')[];
}

/** Lines of markdown. A case that lacks a metric has a dash there. */
export function pivot(rows: readonly BenchRow[], columns: readonly Column[]): string[] {
  const cases = [...new Set(rows.map(row => row.case))];
  const lines = cases.map(name => {
    const own = rows.filter(row => row.case === name);
    const cells = columns.map(({ metric, show }) => {
      const row = own.find(one => one.metric === metric);
      return row === undefined ? '–' : show.map(which => shown(row[which])).join(' / ');
    });
    const idle = own.reduce((sum, { cpuIdle }) => sum + cpuIdle, 0) / own.length;
    return [name, ...cells, `${Math.round(idle * 100)} %`];
  });
  const head = ['case', ...columns.map(({ title }) => title), 'CPU idle'];
  return [head, head.map(() => '---'), ...lines].map(cells => `| ${cells.join(' | ')} |`);
}

/** Three digits, or the whole number. */
export const shown = (value: number): string =>
  Math.abs(value) >= 1_000 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));
