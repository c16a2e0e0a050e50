import { SIGNALS, type SignalRow, type Tier } from '../../protocol/signals.js';
import type { HistoryReader, Stretch } from '../query/history-reader.js';
import { GAP_AFTER_MS } from '../query/series.js';
import { NAME, makeLabels } from './labels.js';
import { lets, type Matcher } from './matchers.js';
import { promqlFault } from './promql-error.js';
import { MAX_LOOKBACK_MS, stepCount, type SelectHints, type Series } from './series.js';

/** Reports that one selector may read, over all vehicles: about a week of one car, or ten minutes of a thousand. */
const MAX_REPORTS = 600_000;

/** What is left of that. */
export class ReportBudget {
  left = MAX_REPORTS;
}

/** A sample stands for the present over so many of its own usual distances. */
const PERIODS = 5;

/** Numbers alone have series; texts have none. */
const NUMERIC: readonly SignalRow[] = SIGNALS.filter(({ kind }) => kind === 'number');

export const signalLabels = (vehicle: string, row: SignalRow): Readonly<Record<string, string>> => ({
  [NAME]: 'twin_signal',
  signal: row.path,
  vehicle,
});

/** Signals whose path the matchers let through. */
export const signalsLet = (matchers: readonly Matcher[]): SignalRow[] =>
  NUMERIC.filter(({ path }) => lets(matchers, 'signal', path));

/** What one vehicle's history holds of the signals, for the moments that are asked for. */
export async function signalSeries(
  reader: HistoryReader,
  vehicle: string,
  rows: readonly SignalRow[],
  hints: SelectHints,
  budget: ReportBudget,
  signal: AbortSignal,
): Promise<Series[]> {
  // A range is computed from roll-ups only where it holds many of them, like the distance between two moments.
  const { at, rangeMs } = hints;
  const stepMs = stepCount(at) > 1 ? at.stepMs : 0;
  const pointMs = rangeMs > 0 ? Math.min(rangeMs, stepMs === 0 ? rangeMs : stepMs) : stepMs;
  const span = { fromMs: hints.fromMs, toMs: hints.toMs };
  const read = await reader.read({ vehicle, rows, span, pointMs, maxRows: budget.left, signal });
  budget.left -= read.reports;
  if (read.truncated)
    throw promqlFault('execution', 'query processing would load too many samples into memory in query execution');
  return rows.flatMap(row => {
    const made = columnsOf(read.stretches(row.wire));
    if (made.times.length === 0) return [];
    const lookbackMs = hints.lookbackMs ?? lookbackOf(row.tier, made.times);
    return [{ labels: makeLabels(signalLabels(vehicle, row)), lookbackMs, ...made }];
  });
}

/**
 * How long the last sample stands where none comes: as long as the page draws a line, or five usual distances between
 * samples where reports come more slowly than that; at most Prometheus's five minutes.
 */
export function lookbackOf(tier: Tier, times: ArrayLike<number>): number {
  const distances: number[] = [];
  for (let i = 1; i < times.length; i++) distances.push((times[i] ?? 0) - (times[i - 1] ?? 0));
  const usual = distances.sort((a, b) => a - b)[distances.length >> 1] ?? 0;
  return Math.min(MAX_LOOKBACK_MS, Math.max(GAP_AFTER_MS[tier], PERIODS * usual));
}

function columnsOf(stretches: readonly Stretch[]): Pick<Series, 'times' | 'values' | 'rolled'> {
  const times: number[] = [];
  const values: number[] = [];
  const rolled = { counts: [] as number[], sums: [] as number[], mins: [] as number[], maxs: [] as number[] };
  const add = (timeMs: number, value: number, count: number, sum: number, min: number, max: number): void => {
    times.push(timeMs);
    values.push(value);
    rolled.counts.push(count);
    rolled.sums.push(sum);
    rolled.mins.push(min);
    rolled.maxs.push(max);
  };
  for (const stretch of stretches)
    if (stretch.kind === 'raw') {
      for (const [timeMs, value] of stretch.points)
        if (typeof value === 'number') add(timeMs, value, 1, value, value, value);
    } else
      for (const cell of stretch.cells)
        if (cell.kind === 'number') add(cell.lastAtMs, cell.last, cell.count, cell.sum, cell.min, cell.max);
  return stretches.some(({ kind }) => kind === 'rolled') ? { times, values, rolled } : { times, values };
}
