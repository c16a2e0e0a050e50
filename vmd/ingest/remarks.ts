import type { ReportRemarks } from '../../protocol/api/vmd.js';
import { FORMAT, type CoapResponse } from '../../protocol/coap/types.js';
import type { Report } from '../../protocol/report.js';
import type { DesiredSettings } from '../../protocol/settings.js';
import { notLive } from '../../store/join.js';
import type { LiveCell } from '../../store/types.js';

/** Names that an acknowledgement lists at most, and characters of each: it has to fit into one datagram. */
const MAX_NAMES = 16;
const MAX_NAME_CHARACTERS = 32;
/** One datagram, with room for its head. */
const ANSWER_MAX_BYTES = 1_100;

export interface Flags {
  readonly unknown: readonly string[];
  readonly range: readonly string[];
  /** What to count: reason and number of records. */
  readonly counts: readonly (readonly [reason: 'unknown' | 'range' | 'suspect', count: number])[];
}

const NONE: Flags = { unknown: [], range: [], counts: [] };
const CHANGED: CoapResponse = { code: '2.04' };

/** What of a report is kept without becoming live, and which of its times cannot be true. */
export function flagsOf(report: Report, cells: readonly LiveCell[]): Flags {
  let suspect = 0;
  for (const cell of cells) if (cell.suspect === true) suspect++;
  if (suspect === 0 && cells.length === report.samples.length) return NONE;
  const { unknown, implausible: range } = notLive(report);
  const counts = [
    ['unknown', unknown.length],
    ['range', range.length],
    ['suspect', suspect],
  ] as const;
  return { unknown, range, counts: counts.filter(([, count]) => count > 0) };
}

const shown = (names: readonly string[]): string[] =>
  names.slice(0, MAX_NAMES).map(name => name.slice(0, MAX_NAME_CHARACTERS));

/** Those of several reports. */
export const joinFlags = (all: readonly Flags[]): Flags => ({
  unknown: [...new Set(all.flatMap(({ unknown }) => unknown))],
  range: [...new Set(all.flatMap(({ range }) => range))],
  counts: [],
});

/**
 * 2.04; with a payload only where a report holds records that are kept, but can never be live (DESIGN §7), or where the
 * device is to be set to something. Settings go without remarks where there is no room for both.
 */
export function answerOf({ unknown, range }: Flags, settings: DesiredSettings | undefined): CoapResponse {
  if (unknown.length + range.length === 0 && settings === undefined) return CHANGED;
  const remarks: ReportRemarks = {
    ...(unknown.length > 0 ? { unknown: shown(unknown) } : {}),
    ...(range.length > 0 ? { range: shown(range) } : {}),
  };
  const payload = Buffer.from(JSON.stringify(settings === undefined ? remarks : { ...remarks, settings }));
  if (settings === undefined || payload.length <= ANSWER_MAX_BYTES)
    return { ...CHANGED, payload, contentFormat: FORMAT.json };
  return { ...CHANGED, payload: Buffer.from(JSON.stringify({ settings })), contentFormat: FORMAT.json };
}
