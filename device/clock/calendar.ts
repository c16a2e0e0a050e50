import { BUILD_DATE_MS } from '../../protocol/build-date.js';

/** GPS counts weeks in ten bits: a receiver that was built for an earlier round shows a date this long ago. */
export const ROLLOVER_MS = 1_024 * 7 * 86_400_000;
/** No device of this release runs for longer; later dates are a receiver's that counts a round too many. */
const LATEST_MS = BUILD_DATE_MS + 15 * 365.25 * 86_400_000;
/** Where the system's clock, though nobody vouches for it, is this near to another round of weeks, it is that one. */
const WITNESS_MS = 30 * 86_400_000;

/** What a date of a receiver or a clock is worth. `rollover`: right but for rounds of 1,024 weeks. */
export type DateVerdict = 'plausible' | 'rollover' | 'bogus';

/**
 * Judges a time (Unix ms): not before `notBeforeMs` (the build date, or a later time that was trusted once), nor years
 * ahead. A receiver's own time is no witness of its week; another clock, `witnessMs`, tells a lost round from nonsense.
 */
export function judgeDate(utcMs: number, notBeforeMs: number, witnessMs: number): DateVerdict {
  if (isPlausibleDate(utcMs, notBeforeMs)) return 'plausible';
  const rounds = Math.round((witnessMs - utcMs) / ROLLOVER_MS);
  const isNear = Math.abs(utcMs + rounds * ROLLOVER_MS - witnessMs) <= WITNESS_MS;
  return rounds !== 0 && isNear && isPlausibleDate(witnessMs, BUILD_DATE_MS) ? 'rollover' : 'bogus';
}

export const isPlausibleDate = (utcMs: number, notBeforeMs: number = BUILD_DATE_MS): boolean =>
  utcMs >= notBeforeMs && utcMs <= LATEST_MS;
