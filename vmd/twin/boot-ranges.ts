import { addRange, compactRanges, hasSeq, missingIn, NO_SEQS, type SeqRanges } from '../../store/ranges.js';

/** Boots that are remembered, newest first. */
export const MAX_BOOTS = 16;

/** Nobody else's: changed in place. */
type OwnRanges = [from: number, to: number][];
const owned = (ranges: SeqRanges): OwnRanges => ranges.map(([from, to]) => [from, to]);

/** Seqs of several boots, bounded: what no longer fits is forgotten, oldest first, so that it never claims too much. */
export class BootRanges {
  readonly #boots = new Map<number, OwnRanges>();

  /** False where all of `from` to `to` were there already. */
  add(boot: number, from: number, to = from): boolean {
    const before = this.#boots.get(boot);
    const last = before?.at(-1);
    if (last !== undefined && last[1] + 1 === from) {
      // Nearly every report is one step after the last: nothing to search, nothing to copy.
      last[1] = to;
      return true;
    }
    if (before !== undefined && missingIn(before, from, to).length === 0) return false;
    this.#boots.set(boot, owned(compactRanges(addRange(before ?? NO_SEQS, from, to))));
    if (before === undefined && this.#boots.size > MAX_BOOTS) this.#boots.delete(Math.min(...this.#boots.keys()));
    return true;
  }

  has(boot: number, seq: number): boolean {
    return hasSeq(this.of(boot), seq);
  }

  of(boot: number): SeqRanges {
    return this.#boots.get(boot) ?? NO_SEQS;
  }

  /** Takes one seq out. */
  remove(boot: number, seq: number): void {
    const before = this.#boots.get(boot);
    if (before === undefined || !hasSeq(before, seq)) return;
    const after = before.flatMap<readonly [number, number]>(range => {
      const [from, to] = range;
      if (seq < from || seq > to) return [range];
      return [...(from < seq ? [[from, seq - 1] as const] : []), ...(seq < to ? [[seq + 1, to] as const] : [])];
    });
    if (after.length === 0) this.#boots.delete(boot);
    else this.#boots.set(boot, owned(after));
  }

  get empty(): boolean {
    return this.#boots.size === 0;
  }

  /** Newest boots first: the form of a digest. */
  list(): { boot: number; ranges: [number, number][] }[] {
    return [...this.#boots].sort(([a], [b]) => b - a).map(([boot, ranges]) => ({ boot, ranges: owned(ranges) }));
  }
}
