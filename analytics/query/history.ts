import type { History } from '../../protocol/api/analytics.js';
import type { SignalRow } from '../../protocol/signals.js';
import { pointsOfStretches, type HistoryReader } from './history-reader.js';
import { GAP_AFTER_MS, downsample, withGaps } from './series.js';

/** Rows that one question may read: a day at one report a second. */
const MAX_ROWS = 100_000;
/** The bucket of a roll-up holds samples up to its end, its least and greatest may stand at either. */
const GAP_OF_POINTS = 4;

export interface HistoryQuery {
  readonly vehicle: string;
  readonly rows: readonly SignalRow[];
  readonly fromMs: number;
  readonly toMs: number;
  /** Points per signal. */
  readonly limit: number;
}

/** Past values of some signals; the newest where there are too many to read. */
export async function readHistory(reader: HistoryReader, query: HistoryQuery, signal?: AbortSignal): Promise<History> {
  const { vehicle, rows, fromMs, toMs, limit } = query;
  // Each piece of the span keeps its least and its greatest value.
  const pointMs = (2 * (toMs - fromMs)) / limit;
  const read = await reader.read({ vehicle, rows, span: { fromMs, toMs }, pointMs, maxRows: MAX_ROWS, signal });
  const series = rows.map(row => {
    const points = pointsOfStretches(read.stretches(row.wire));
    return {
      path: row.path,
      label: row.label,
      unit: row.unit,
      points: withGaps(downsample(points, limit), gapAfter(row, fromMs, toMs, limit)),
      downsampled: read.resolution !== 'raw' || points.length > limit,
    };
  });
  return { vehicle, fromMs, toMs, resolution: read.resolution, truncated: read.truncated, series };
}

/** Thinned points stand further apart: a gap there is what is longer than two of their spans, too. */
const gapAfter = ({ tier }: SignalRow, fromMs: number, toMs: number, limit: number): number =>
  Math.max(GAP_AFTER_MS[tier], (GAP_OF_POINTS * (toMs - fromMs)) / limit);
