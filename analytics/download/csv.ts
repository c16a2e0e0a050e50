import type { Report } from '../../protocol/report.js';
import type { SenmlValue } from '../../protocol/senml.js';
import { isPlausible, type SignalRow } from '../../protocol/signals.js';
import { shownValue } from './shown-value.js';

/** A cell (RFC 4180). Texts come from cars: one that a spreadsheet would take for a formula is made a text. */
export function csvCell(value: SenmlValue | undefined): string {
  if (value === undefined) return '';
  if (typeof value !== 'string') return String(value);
  const inert = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}

/** One line per report: its time, boot and seq, and a column per signal with its unit. */
export async function* csvLines(
  reports: AsyncIterable<Report>,
  rows: readonly SignalRow[],
  timeText: (timeMs: number) => string,
): AsyncGenerator<string> {
  const heads = rows.map(({ path, unit }) => (unit === '' ? path : `${path} [${unit}]`));
  yield `${['time', 'boot', 'seq', ...heads].map(csvCell).join(',')}\r\n`;
  for await (const { timeMs, boot, seq, samples } of reports) {
    const values = new Map(samples.map(({ name, value }) => [name, value]));
    const cells = rows.map(row => {
      const value = values.get(row.wire);
      return value !== undefined && isPlausible(row, value) ? shownValue(row, value) : undefined;
    });
    if (cells.every(cell => cell === undefined)) continue;
    yield `${[timeText(timeMs), boot, seq, ...cells.map(csvCell)].join(',')}\r\n`;
  }
}
