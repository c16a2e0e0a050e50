import type { Series } from './series.js';

/** Samples `from` ≤ i < `to` of a series that lie in a range that ends at a moment of evaluation. */
export interface Window {
  readonly series: Series;
  readonly from: number;
  readonly to: number;
  readonly startMs: number;
  readonly endMs: number;
}

export interface RangeFunction {
  /** undefined: no value at this moment. The window holds at least one sample. */
  readonly of: (window: Window) => number | undefined;
  readonly keepsName?: true;
}

const timeAt = ({ series }: Window, i: number): number => series.times[i] ?? NaN;
const valueAt = ({ series }: Window, i: number): number => series.values[i] ?? NaN;
const last = (window: Window): number => valueAt(window, window.to - 1);

function sum(window: Window): number {
  const column = window.series.rolled?.sums ?? window.series.values;
  let total = 0;
  // Neumaier's sum, as in Prometheus: a day of small values must not lose its end.
  let rest = 0;
  for (let i = window.from; i < window.to; i++) {
    const value = column[i] ?? NaN;
    const next = total + value;
    rest += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
    total = next;
  }
  return Number.isFinite(total) ? total + rest : total;
}

function count({ series, from, to }: Window): number {
  if (series.rolled === undefined) return to - from;
  let total = 0;
  for (let i = from; i < to; i++) total += series.rolled.counts[i] ?? 0;
  return total;
}

const extreme =
  (column: 'mins' | 'maxs', isMore: (a: number, b: number) => boolean) =>
  ({ series, from, to }: Window): number => {
    const values = series.rolled?.[column] ?? series.values;
    let found = values[from] ?? NaN;
    for (let i = from + 1; i < to; i++) {
      const value = values[i] ?? NaN;
      if (isMore(value, found) || Number.isNaN(found)) found = value;
    }
    return found;
  };

/**
 * Prometheus's extrapolatedRate: the change between the first and the last sample, stretched to the range where the samples
 * come near to its ends. Counters that fall have begun anew.
 */
function extrapolated(window: Window, isCounter: boolean): number | undefined {
  const { from, to, startMs, endMs } = window;
  if (to - from < 2) return undefined;
  const first = valueAt(window, from);
  let change = last(window) - first;
  if (isCounter)
    for (let i = from + 1; i < to; i++)
      if (valueAt(window, i) < valueAt(window, i - 1)) change += valueAt(window, i - 1);
  const sampled = (timeAt(window, to - 1) - timeAt(window, from)) / 1000;
  const between = sampled / (to - from - 1);
  let toStart = (timeAt(window, from) - startMs) / 1000;
  const toEnd = (endMs - timeAt(window, to - 1)) / 1000;
  // A counter is not taken back below zero.
  if (isCounter && change > 0 && first >= 0) toStart = Math.min(toStart, sampled * (first / change));
  const near = between * 1.1;
  const stretched = sampled + (toStart < near ? toStart : between / 2) + (toEnd < near ? toEnd : between / 2);
  return change * (stretched / sampled);
}

const perSecond = (change: number | undefined, { startMs, endMs }: Window): number | undefined =>
  change === undefined ? undefined : change / ((endMs - startMs) / 1000);

/** Between the last two samples. */
function instantChange(window: Window, isRate: boolean): number | undefined {
  const { from, to } = window;
  if (to - from < 2) return undefined;
  const [before, now] = [valueAt(window, to - 2), valueAt(window, to - 1)];
  if (!isRate) return now - before;
  const seconds = (timeAt(window, to - 1) - timeAt(window, to - 2)) / 1000;
  return seconds === 0 ? undefined : (now < before ? now : now - before) / seconds;
}

function countChanges(window: Window, counts: (before: number, now: number) => boolean): number {
  let found = 0;
  for (let i = window.from + 1; i < window.to; i++) if (counts(valueAt(window, i - 1), valueAt(window, i))) found++;
  return found;
}

/** Functions over a range vector, by name. */
export const RANGE_FUNCTIONS: Readonly<Record<string, RangeFunction>> = {
  avg_over_time: { of: window => sum(window) / count(window) },
  min_over_time: { of: extreme('mins', (a, b) => a < b) },
  max_over_time: { of: extreme('maxs', (a, b) => a > b) },
  sum_over_time: { of: sum },
  count_over_time: { of: count },
  last_over_time: { of: last, keepsName: true },
  present_over_time: { of: () => 1 },
  rate: { of: window => perSecond(extrapolated(window, true), window) },
  increase: { of: window => extrapolated(window, true) },
  delta: { of: window => extrapolated(window, false) },
  irate: { of: window => instantChange(window, true) },
  idelta: { of: window => instantChange(window, false) },
  changes: {
    of: window => countChanges(window, (a, b) => a !== b && !(Number.isNaN(a) && Number.isNaN(b))),
  },
  resets: { of: window => countChanges(window, (a, b) => b < a) },
};
