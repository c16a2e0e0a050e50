import type { History } from '../../protocol/api/analytics.js';
import type { Report } from '../../protocol/report.js';
import type { SignalRow } from '../../protocol/signals.js';
import type { TwinStore } from '../../store/types.js';
import { readReport } from '../live/store-follower.js';
import { GAP_AFTER_MS, downsample, pointsOf, withGaps } from './series.js';

/** Rows that one question may read. */
const MAX_ROWS = 50_000;
const ROWS_PER_TURN = 500;
/** A report's time is that of its newest sample; older ones within it are at most this much older. */
const WITHIN_REPORT_MS = 20_000;

export interface HistoryQuery {
  readonly vehicle: string;
  readonly rows: readonly SignalRow[];
  readonly fromMs: number;
  readonly toMs: number;
  /** Points per signal. */
  readonly limit: number;
}

/** Past values of some signals, newest rows first where there are too many to read. */
export async function readHistory(store: TwinStore, query: HistoryQuery): Promise<History> {
  const { vehicle, fromMs, toMs, limit } = query;
  const reports: Report[] = [];
  let read = 0;
  const range = { fromMs, toMs: toMs + WITHIN_REPORT_MS, limit: MAX_ROWS, reverse: true };
  for await (const row of store.history(vehicle, range)) {
    const report = readReport(row);
    if (report !== undefined) reports.push(report);
    if (++read % ROWS_PER_TURN === 0) await new Promise(resolve => setImmediate(resolve));
  }
  const series = query.rows.map(row => {
    const points = pointsOf(row, reports, { fromMs, toMs });
    return {
      path: row.path,
      label: row.label,
      unit: row.unit,
      points: withGaps(downsample(points, limit), gapAfter(row, fromMs, toMs, limit)),
      downsampled: points.length > limit,
    };
  });
  return { vehicle, fromMs, toMs, truncated: read >= MAX_ROWS, series };
}

/** Thinned points stand further apart: a gap there is what is longer than two of their spans, too. */
const gapAfter = ({ tier }: SignalRow, fromMs: number, toMs: number, limit: number): number =>
  Math.max(GAP_AFTER_MS[tier], (4 * (toMs - fromMs)) / limit);
