import { META, decodeBoot, decodeGap, decodeReport } from '../../protocol/report.js';
import {
  addRange,
  addSeq,
  commonRanges,
  countSeqs,
  hasSeq,
  mergeRanges,
  missingIn,
  NO_SEQS,
  type SeqRanges,
} from '../ranges.js';
import type { HistoryRow } from '../types.js';

const META_PREFIX = 'meta/';

/** What rows say of one boot of a vehicle. */
export interface BootTally {
  stored: SeqRanges;
  /** Seqs that a gap declares. */
  declared: SeqRanges;
  /** Highest seq that is known to have been accepted. */
  accepted: number;
  /** Seqs that stand under more than one key. */
  twice: SeqRanges;
  /** Seqs under which the domains have different bytes. */
  differing: SeqRanges;
  /** Reports about the reporting that cannot be read. */
  unreadable: SeqRanges;
}

const NO_ROWS: BootTally = {
  stored: NO_SEQS,
  declared: NO_SEQS,
  accepted: 0,
  twice: NO_SEQS,
  differing: NO_SEQS,
  unreadable: NO_SEQS,
};

/** What rows of one vehicle say, in any order; memory grows with gaps and faults, not with rows. */
export class VehicleTally {
  readonly vehicle: string;
  readonly #boots = new Map<number, BootTally>();

  constructor(vehicle: string, boots: Iterable<readonly [number, BootTally]> = []) {
    this.vehicle = vehicle;
    for (const [boot, tally] of boots) this.#boots.set(boot, { ...tally });
  }

  get boots(): ReadonlyMap<number, Readonly<BootTally>> {
    return this.#boots;
  }

  #boot(boot: number): BootTally {
    let tally = this.#boots.get(boot);
    if (tally === undefined) {
      tally = { ...NO_ROWS };
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
      this.#readMeta(row, tally);
  }

  #readMeta(row: HistoryRow, own: BootTally): void {
    let samples: ReturnType<typeof decodeReport>['samples'];
    try {
      samples = decodeReport(row.bytes).samples;
    } catch {
      own.unreadable = addSeq(own.unreadable, row.seq);
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

  /** Takes what other rows said: rows that this one has not seen, so that a seq of both stands under two keys. */
  merge(other: VehicleTally): void {
    for (const [boot, theirs] of other.boots) {
      const ours = this.#boot(boot);
      const both = commonRanges(ours.stored, theirs.stored);
      ours.twice = mergeRanges(mergeRanges(ours.twice, theirs.twice), both);
      ours.differing = mergeRanges(ours.differing, theirs.differing);
      ours.unreadable = mergeRanges(ours.unreadable, theirs.unreadable);
      ours.stored = mergeRanges(ours.stored, theirs.stored);
      ours.declared = mergeRanges(ours.declared, theirs.declared);
      ours.accepted = Math.max(ours.accepted, theirs.accepted);
    }
  }

  /**
   * Takes a second look at the same vehicle: what was missing and is there now came while the first was made. What was
   * accepted since is none of its business.
   */
  lookAgain(later: VehicleTally): void {
    for (const [boot, ours] of this.#boots) {
      const theirs = later.boots.get(boot);
      if (theirs === undefined) continue;
      ours.stored = mergeRanges(ours.stored, commonRanges(theirs.stored, [[1, ours.accepted]]));
      ours.declared = mergeRanges(ours.declared, theirs.declared);
    }
  }

  /** Seqs up to the last accepted that are neither stored nor declared. */
  lost(boot: number): SeqRanges {
    const { stored, declared, accepted } = this.#boots.get(boot) ?? NO_ROWS;
    return missingIn(stored, 1, accepted).flatMap(([from, to]) => missingIn(declared, from, to));
  }

  /** How many declared seqs are not stored. */
  dropped(boot: number): number {
    const { stored, accepted } = this.#boots.get(boot) ?? NO_ROWS;
    return countSeqs(missingIn(stored, 1, accepted)) - countSeqs(this.lost(boot));
  }

  /** What device or witness know to have been accepted. */
  accept(boot: number, seq: number): void {
    const tally = this.#boot(boot);
    tally.accepted = Math.max(tally.accepted, seq);
  }
}
