import type { Report } from '../../protocol/report.js';
import type { SenmlValue } from '../../protocol/senml.js';
import type { SignalRow, Tier } from '../../protocol/signals.js';
import type { Point, Span } from './point.js';
import { SignalColumns } from './signal-columns.js';

/** A silence longer than this is a gap: drawn as one, never bridged. */
export const GAP_AFTER_MS: Readonly<Record<Tier, number>> = { fast: 5_000, medium: 15_000, slow: 60_000 };

/** The samples of one signal within a span, ascending by time, each once. */
export function pointsOf(row: SignalRow, reports: readonly Report[], span: Span): Point[] {
  const columns = new SignalColumns([row], span);
  for (const report of reports) columns.add(report);
  return columns.points(row.wire);
}

/** Puts a null point behind the last one before each silence longer than `gapAfterMs`. */
export function withGaps(points: readonly Point[], gapAfterMs: number): Point[] {
  const found: Point[] = [];
  for (const [i, point] of points.entries()) {
    const next = points[i + 1];
    found.push(point);
    if (next !== undefined && next[0] - point[0] > gapAfterMs) found.push([point[0] + 1, null]);
  }
  return found;
}

/**
 * At most about `limit` points: the span is cut into limit / 2 equal pieces, each piece keeps its least and its greatest
 * value in their order, so that no peak is lost. Texts and flags keep the first of each piece. The first and last stay.
 */
export function downsample(points: readonly Point[], limit: number): Point[] {
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined || points.length <= limit) return [...points];
  const pieces = Math.max(1, Math.floor(limit / 2) - 1);
  const widthMs = (last[0] - first[0]) / pieces || 1;
  const kept: Point[] = [first];
  const keep = (point: Point): void => {
    if (kept.at(-1) !== point) kept.push(point);
  };
  for (let begin = 0; begin < points.length;) {
    const piece = Math.floor(((points[begin]?.[0] ?? 0) - first[0]) / widthMs);
    let [least, greatest] = [begin, begin];
    let end = begin;
    for (let point = points[end]; point !== undefined; point = points[++end]) {
      if (Math.floor((point[0] - first[0]) / widthMs) !== piece) break;
      if (isLess(point[1], points[least]?.[1])) least = end;
      if (isLess(points[greatest]?.[1], point[1])) greatest = end;
    }
    for (const at of [Math.min(least, greatest), Math.max(least, greatest)]) keep(points[at] ?? first);
    begin = end;
  }
  keep(last);
  return kept;
}

const isLess = (a: SenmlValue | null | undefined, b: SenmlValue | null | undefined): boolean =>
  typeof a === 'number' && typeof b === 'number' && a < b;
