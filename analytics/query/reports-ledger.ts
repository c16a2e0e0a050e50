import type { BootLedger, ReportCounts } from '../../protocol/api/analytics.js';
import { META, decodeBoot, decodeGap, type MetaGap, type Report, type ReportId } from '../../protocol/report.js';
import { NO_SEQS, addSeq, countSeqs, hasSeq, mergeRanges, missingIn, type SeqRanges } from '../../store/ranges.js';

/** How long a seq may be awaited while later ones come before it counts as lost: an outage and its backlog take minutes. */
export const LOST_AFTER_MS = 900_000;

interface Boot {
  stored: SeqRanges;
  /** Seqs that more than one row has. */
  duplicated: SeqRanges;
  readonly gaps: Map<string, MetaGap>;
  lastAccepted?: number;
  /** Since when each awaited range has been awaited, by its first seq. */
  awaitedSince: Map<number, number>;
  /** Key times of the seqs at the ends of the stored ranges: what is missing between two was reported between their times. */
  readonly edges: Map<number, number>;
}

/** Spans in which rows are missed that are asked for at once: the newest ones. */
const MAX_AWAITED_SPANS = 4;
/** Key times around a missing row may be off by this, where a clock was set right meanwhile. */
const EDGE_MS = 20_000;
/** How far before its first stored report a boot may have begun. */
const BOOT_BEGAN_MS = 86_400_000;

/**
 * What happened to the reports of one vehicle, derived from the rows of its history (DESIGN §7 "Counting"); rows may be
 * shown to it in any order and any number of times.
 */
export class ReportsLedger {
  readonly #boots = new Map<number, Boot>();

  #boot(number: number): Boot {
    const known = this.#boots.get(number);
    if (known !== undefined) return known;
    const made: Boot = {
      stored: NO_SEQS,
      duplicated: NO_SEQS,
      gaps: new Map(),
      awaitedSince: new Map(),
      edges: new Map(),
    };
    this.#boots.set(number, made);
    return made;
  }

  has(id: Pick<ReportId, 'boot' | 'seq'>): boolean {
    return hasSeq(this.#boots.get(id.boot)?.stored ?? NO_SEQS, id.seq);
  }

  /** A row whose bytes could not be read is stored all the same. `timeMs`: its key time. */
  addId({ boot, seq }: Pick<ReportId, 'boot' | 'seq'>, timeMs: number): void {
    const found = this.#boot(boot);
    found.stored = addSeq(found.stored, seq);
    found.edges.set(seq, timeMs);
    for (const inner of [seq - 1, seq, seq + 1])
      if (hasSeq(found.stored, inner - 1) && hasSeq(found.stored, inner + 1) && hasSeq(found.stored, inner))
        found.edges.delete(inner);
  }

  /** Where in time the rows stand that are awaited, the newest spans first: between those of their neighbours. */
  awaitedSpans(nowMs: number): { readonly fromMs: number; readonly toMs: number }[] {
    const spans: { fromMs: number; toMs: number }[] = [];
    for (const { boot, awaited } of this.boots(nowMs))
      for (const [from, to] of awaited.toReversed()) {
        if (spans.length >= MAX_AWAITED_SPANS) return spans;
        const { edges } = this.#boot(boot);
        const beforeMs = edges.get(from - 1);
        const afterMs = edges.get(to + 1) ?? nowMs;
        spans.push({ fromMs: (beforeMs ?? afterMs - BOOT_BEGAN_MS) - EDGE_MS, toMs: afterMs + EDGE_MS });
      }
    return spans;
  }

  add(report: Report): void {
    this.addId(report, report.timeMs);
    for (const { name, value } of report.samples) {
      if (name === META.gap) {
        const gap = decodeGap(value);
        if (gap !== undefined) this.#boot(gap.boot).gaps.set(`${gap.from}-${gap.to}`, gap);
      } else if (name === META.boot) {
        const meta = decodeBoot(value);
        if (meta !== undefined && meta.previousBoot > 0)
          this.#boot(meta.previousBoot).lastAccepted = meta.lastAcceptedSeq;
      }
    }
  }

  /** Takes what a whole scan found: seqs with more than one row. */
  setDuplicated(boot: number, seqs: SeqRanges): void {
    const found = this.#boot(boot);
    found.duplicated = mergeRanges(found.duplicated, seqs);
  }

  /** Every boot, newest first. `nowMs` dates what is awaited. */
  boots(nowMs: number): BootLedger[] {
    return [...this.#boots].sort(([a], [b]) => b - a).map(([number, boot]) => bootLedger(number, boot, nowMs));
  }

  counts(nowMs: number): ReportCounts {
    return sumCounts(
      this.boots(nowMs).map(boot => ({
        stored: boot.stored,
        duplicated: boot.duplicated,
        dropped: boot.dropped,
        awaited: countSeqs(boot.awaited) - boot.lost,
        lost: boot.lost,
      })),
    );
  }
}

export const NO_REPORTS: ReportCounts = { stored: 0, duplicated: 0, dropped: 0, awaited: 0, lost: 0 };

export function sumCounts(all: readonly ReportCounts[]): ReportCounts {
  return all.reduce(
    (sum, one) => ({
      stored: sum.stored + one.stored,
      duplicated: sum.duplicated + one.duplicated,
      dropped: sum.dropped + one.dropped,
      awaited: sum.awaited + one.awaited,
      lost: sum.lost + one.lost,
    }),
    NO_REPORTS,
  );
}

function bootLedger(number: number, boot: Boot, nowMs: number): BootLedger {
  const highestStored = boot.stored.at(-1)?.[1] ?? 0;
  const declared = [...boot.gaps.values()].reduce<SeqRanges>(
    (sum, { from, to }) => mergeRanges(sum, [[from, to]]),
    NO_SEQS,
  );
  const missing = missingIn(boot.stored, 1, Math.max(highestStored, boot.lastAccepted ?? 0));
  const awaited = missing.flatMap(([from, to]) => missingIn(declared, from, to));
  boot.awaitedSince = new Map(awaited.map(([from]) => [from, boot.awaitedSince.get(from) ?? nowMs]));
  const lost = awaited.filter(([from]) => nowMs - (boot.awaitedSince.get(from) ?? nowMs) > LOST_AFTER_MS);
  return {
    boot: number,
    stored: countSeqs(boot.stored),
    highestStored,
    ...(boot.lastAccepted === undefined ? {} : { lastAccepted: boot.lastAccepted }),
    duplicated: countSeqs(boot.duplicated),
    ranges: boot.stored.map(([from, to]) => [from, to]),
    gaps: [...boot.gaps.values()].map(({ from, to, reason }) => ({ from, to, reason })),
    dropped: countSeqs(missing) - countSeqs(awaited),
    awaited: awaited.map(([from, to]) => [from, to]),
    lost: countSeqs(lost),
  };
}
