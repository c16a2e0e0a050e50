import { decodeReport, type Report } from '../../protocol/report.js';
import type { HistoryRow } from '../../store/types.js';

/** A report's time is that of its newest sample; older ones within it are at most this much older. */
export const WITHIN_REPORT_MS = 20_000;

/** The report in a row; undefined where another release wrote it in a form that this one cannot read. */
export function readReport(row: Pick<HistoryRow, 'bytes'>): Report | undefined {
  try {
    return decodeReport(row.bytes);
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}
