import { META, decodeBoot, decodeGap, decodeReport } from '../../protocol/report.js';
import { addRange, addSeq, countSeqs, hasSeq, mergeRanges, missingIn, NO_SEQS, type SeqRanges } from '../ranges.js';
import type { HistoryRow } from '../types.js';
import type { ReportCounts, SeqsByBoot, VehicleMarks, Violation } from './types.js';

const META_PREFIX = 'meta/';

interface BootTally {
  stored: SeqRanges;
  declared: SeqRanges;
  /** Highest seq that is known to have been accepted. */
  accepted: number;
  sampled: number;
  /** Seqs that stand under more than one key. */
  twice: SeqRanges;
  /** Seqs under which the domains have different bytes. */
  differing: SeqRanges;
}

/** What the rows of one vehicle say; memory grows with gaps and faults, not with rows. */
export class VehicleTally {
  readonly vehicle: string;
  readonly #boots = new Map<number, BootTally>();
  readonly #violations: Violation[] = [];

  constructor(vehicle: string) {
    this.vehicle = vehicle;
  }

  #boot(boot: number): BootTally {
    let tally = this.#boots.get(boot);
    if (tally === undefined) {
      tally = { stored: NO_SEQS, declared: NO_SEQS, accepted: 0, sampled: 0, twice: NO_SEQS, differing: NO_SEQS };
      this.#boots.set(boot, tally);
    }
    return tally;
  }

  /** Takes a row of the union; `differs`: the domains have different bytes under its key. */
  add(row: HistoryRow, differs: boolean): void {
    const tally = this.#boot(row.boot);
    if (hasSeq(tally.stored, row.seq)) tally.twice = addSeq(tally.twice, row.seq);
    if (differs) tally.differing = addSeq(tally.differing, row.seq);
    tally.stored = addSeq(tally.stored, row.seq);
    tally.accepted = Math.max(tally.accepted, row.seq);
    if (Buffer.from(row.bytes.buffer, row.bytes.byteOffset, row.bytes.byteLength).includes(META_PREFIX))
      this.#readMeta(row);
  }

  #readMeta(row: HistoryRow): void {
    let samples: ReturnType<typeof decodeReport>['samples'];
    try {
      samples = decodeReport(row.bytes).samples;
    } catch {
      this.#fault(1, `report ${row.boot}/${row.seq} cannot be read`);
      return;
    }
    for (const { name, value } of samples) {
      const gap = name === META.gap ? decodeGap(value) : undefined;
      if (gap !== undefined) {
        const tally = this.#boot(gap.boot);
        tally.declared = addRange(tally.declared, gap.from, gap.to);
      }
      const boot = name === META.boot ? decodeBoot(value) : undefined;
      if (boot !== undefined && boot.previousBoot > 0) {
        const tally = this.#boot(boot.previousBoot);
        tally.accepted = Math.max(tally.accepted, boot.lastAcceptedSeq);
      }
    }
  }

  #fault(guarantee: Violation['guarantee'], say: string): void {
    this.#violations.push({ guarantee, vehicle: this.vehicle, say });
  }

  /** Closes the books of the vehicle with what its device and the witness say. */
  finish(
    marks: VehicleMarks | undefined,
    acknowledged: SeqsByBoot,
  ): { readonly counts: ReportCounts; readonly violations: readonly Violation[] } {
    for (const { boot, sampled, accepted } of marks?.boots ?? []) {
      const tally = this.#boot(boot);
      tally.accepted = Math.max(tally.accepted, accepted);
      tally.sampled = Math.max(tally.sampled, sampled);
    }
    const counts = { sampled: 0, accepted: 0, acknowledged: 0, stored: 0, dropped: 0, lost: 0, duplicated: 0 };
    for (const [boot, seqs] of acknowledged) {
      const tally = this.#boot(boot);
      counts.acknowledged += countSeqs(seqs);
      tally.accepted = Math.max(tally.accepted, seqs.at(-1)?.[1] ?? 0);
      const missing = seqs.flatMap(([from, to]) => missingIn(tally.stored, from, to));
      if (missing.length > 0)
        this.#fault(1, `${countSeqs(missing)} acknowledged reports of boot ${boot} are not stored: ${show(missing)}`);
    }
    const gaps: string[] = [];
    for (const [boot, tally] of [...this.#boots].sort(([a], [b]) => a - b)) {
      const missing = missingIn(tally.stored, 1, tally.accepted);
      const lost = missing.flatMap(([from, to]) => missingIn(tally.declared, from, to));
      counts.sampled += Math.max(tally.sampled, tally.accepted);
      counts.accepted += tally.accepted;
      counts.stored += countSeqs(tally.stored);
      counts.lost += countSeqs(lost);
      counts.dropped += countSeqs(missing) - countSeqs(lost);
      counts.duplicated += countSeqs(mergeRanges(tally.twice, tally.differing));
      if (tally.twice.length > 0)
        this.#fault(1, `reports of boot ${boot} are stored under more than one time: ${show(tally.twice)}`);
      if (tally.differing.length > 0)
        this.#fault(1, `two different reports have one id in boot ${boot}: ${show(tally.differing)}`);
      if (lost.length > 0)
        gaps.push(
          `${countSeqs(lost)} of ${tally.accepted} accepted reports of boot ${boot} are neither stored nor declared: ${show(lost)}`,
        );
    }
    // What waits in the outbox is not lost: guarantee 2 speaks of an empty one.
    if (counts.lost > (marks?.pending ?? 0)) for (const gap of gaps) this.#fault(2, gap);
    const resent = marks?.resent;
    return { counts: { ...counts, ...(resent === undefined ? {} : { resent }) }, violations: this.#violations };
  }
}

const SHOWN = 5;

/** `3, 7–9, …` */
function show(ranges: SeqRanges): string {
  const shown = ranges.slice(0, SHOWN).map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`));
  return [...shown, ...(ranges.length > SHOWN ? ['…'] : [])].join(', ');
}
