import type { ClockCorrections } from '../../protocol/clock-corrections.js';
import { decodeReportPart, type Report } from '../../protocol/report.js';
import type { HistoryRow } from '../../store/types.js';

/** A report's time is that of its newest sample; older ones within it are at most this much older. */
export const WITHIN_REPORT_MS = 20_000;

/**
 * The report in a row; undefined where another release wrote it in a form that this one cannot read. `wanted`: wire names of
 * its samples, where not all of them are.
 */
export function readReport(row: Pick<HistoryRow, 'bytes'>, wanted?: ReadonlySet<string>): Report | undefined {
  try {
    return decodeReportPart(row.bytes, wanted);
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}

/** A report that a better clock moves further than this is found at its old place only. */
const MOVED_MOST_MS = 86_400_000;

/** Key times of the rows that may hold samples of a span, both ends included: within reports, and moved by better clocks. */
export function keysAround(
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  corrections: Pick<ClockCorrections, 'furthestMs'> | undefined,
): { readonly fromMs: number; readonly toMs: number } {
  const movedMs = Math.min(MOVED_MOST_MS, corrections?.furthestMs ?? 0);
  return { fromMs: fromMs - movedMs, toMs: toMs + WITHIN_REPORT_MS + movedMs };
}

/** What is known of the clocks of each vehicle. */
export type CorrectionsOf = (vehicle: string) => ClockCorrections | undefined;
