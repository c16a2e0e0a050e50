import { countSeqs, mergeRanges, missingIn, NO_SEQS, type SeqRanges } from '../ranges.js';
import type { ReportCounts, SeqsByBoot, VehicleMarks, Violation } from './types.js';
import type { VehicleTally } from './vehicle-tally.js';

/** What device and witness say of one vehicle. */
export interface Word {
  readonly marks: VehicleMarks | undefined;
  /** Seqs that it has a 2.04 for. */
  readonly acknowledged: SeqsByBoot;
}

/** Enters what device and witness know to have been accepted: what was accepted and never stored leaves no row. */
export function enterWord(tally: VehicleTally, { marks, acknowledged }: Word): void {
  for (const { boot, accepted } of marks?.boots ?? []) tally.accept(boot, accepted);
  for (const [boot, seqs] of acknowledged) tally.accept(boot, seqs.at(-1)?.[1] ?? 0);
}

/** Acknowledged seqs of a boot that are not stored. */
const missing = (tally: VehicleTally, boot: number, seqs: SeqRanges): SeqRanges =>
  seqs.flatMap(([from, to]) => missingIn(tally.boots.get(boot)?.stored ?? NO_SEQS, from, to));

const lostOf = (tally: VehicleTally): number =>
  [...tally.boots.keys()].reduce((sum, boot) => sum + countSeqs(tally.lost(boot)), 0);

/** Whether reports seem to be missing that may have come while others were read. */
export const lacks = (tally: VehicleTally, { marks, acknowledged }: Word): boolean =>
  lostOf(tally) > (marks?.pending ?? 0) ||
  [...acknowledged].some(([boot, seqs]) => missing(tally, boot, seqs).length > 0);

/** Closes the books of a vehicle whose rows have all been read: guarantees 1 and 2 of DESIGN §10, the counts of §7. */
export function judge(
  tally: VehicleTally,
  { marks, acknowledged }: Word,
): { readonly counts: ReportCounts; readonly violations: readonly Violation[] } {
  const violations: Violation[] = [];
  const fault = (guarantee: Violation['guarantee'], say: string): void => {
    violations.push({ guarantee, vehicle: tally.vehicle, say });
  };
  const counts = { sampled: 0, accepted: 0, acknowledged: 0, stored: 0, dropped: 0, lost: 0, duplicated: 0 };
  for (const [boot, seqs] of acknowledged) {
    counts.acknowledged += countSeqs(seqs);
    const gone = missing(tally, boot, seqs);
    if (gone.length > 0)
      fault(1, `${countSeqs(gone)} acknowledged reports of boot ${boot} are not stored: ${show(gone)}`);
  }
  const sampled = new Map(marks?.boots.map(mark => [mark.boot, mark.sampled]));
  const gaps: string[] = [];
  for (const [boot, { stored, accepted, twice, differing, unreadable }] of [...tally.boots].sort(([a], [b]) => a - b)) {
    const lost = tally.lost(boot);
    counts.sampled += Math.max(sampled.get(boot) ?? 0, accepted);
    counts.accepted += accepted;
    counts.stored += countSeqs(stored);
    counts.lost += countSeqs(lost);
    counts.dropped += tally.dropped(boot);
    counts.duplicated += countSeqs(mergeRanges(twice, differing));
    if (unreadable.length > 0) fault(1, `reports of boot ${boot} cannot be read: ${show(unreadable)}`);
    if (twice.length > 0) fault(1, `reports of boot ${boot} are stored under more than one time: ${show(twice)}`);
    if (differing.length > 0) fault(1, `two different reports have one id in boot ${boot}: ${show(differing)}`);
    if (lost.length > 0)
      gaps.push(
        `${countSeqs(lost)} of ${accepted} accepted reports of boot ${boot} are neither stored nor declared: ${show(lost)}`,
      );
  }
  // What waits in the outbox is not lost: guarantee 2 speaks of an empty one.
  if (counts.lost > (marks?.pending ?? 0)) for (const gap of gaps) fault(2, gap);
  const resent = marks?.resent;
  return { counts: { ...counts, ...(resent === undefined ? {} : { resent }) }, violations };
}

const SHOWN = 5;

/** `3, 7–9, …` */
function show(ranges: SeqRanges): string {
  const shown = ranges.slice(0, SHOWN).map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`));
  return [...shown, ...(ranges.length > SHOWN ? ['…'] : [])].join(', ');
}
