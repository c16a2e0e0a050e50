import type { Key, Range } from './key.js';

interface Span {
  from: number;
  to: number;
}

/** A set of reports, kept as ranges: of a boot that runs for a year nobody wants a list. */
export class RangeSet {
  /** Boot → disjoint spans in order, never touching. */
  readonly #boots = new Map<number, Span[]>();

  /** Of all keys. */
  get size(): number {
    let sum = 0;
    for (const spans of this.#boots.values()) for (const { from, to } of spans) sum += to - from + 1;
    return sum;
  }

  has({ boot, seq }: Key): boolean {
    const spans = this.#boots.get(boot) ?? [];
    const span = spans[firstEndingAt(spans, seq)];
    return span !== undefined && span.from <= seq;
  }

  add({ boot, from, to }: Range): void {
    if (to < from) return;
    const spans = this.#boots.get(boot) ?? [];
    this.#boots.set(boot, spans);
    const begin = firstEndingAt(spans, from - 1);
    let end = begin;
    let merged: Span = { from, to };
    for (let span = spans[end]; span !== undefined && span.from <= to + 1; span = spans[++end])
      merged = { from: Math.min(merged.from, span.from), to: Math.max(merged.to, span.to) };
    spans.splice(begin, end - begin, merged);
  }

  delete({ boot, from, to }: Range): void {
    if (to < from) return;
    const spans = this.#boots.get(boot) ?? [];
    const begin = firstEndingAt(spans, from);
    let end = begin;
    const rest: Span[] = [];
    for (let span = spans[end]; span !== undefined && span.from <= to; span = spans[++end]) {
      if (span.from < from) rest.push({ from: span.from, to: from - 1 });
      if (span.to > to) rest.push({ from: to + 1, to: span.to });
    }
    spans.splice(begin, end - begin, ...rest);
  }

  clear(): void {
    this.#boots.clear();
  }

  /** In order. */
  ranges(): Range[] {
    return [...this.#boots]
      .sort(([x], [y]) => x - y)
      .flatMap(([boot, spans]) => spans.map(({ from, to }) => ({ boot, from, to })));
  }

  /** What of `range` is in the set. */
  within(range: Range): Range[] {
    const spans = this.#boots.get(range.boot) ?? [];
    const found: Range[] = [];
    if (range.to < range.from) return found;
    for (let at = firstEndingAt(spans, range.from); at < spans.length; at++) {
      const span = spans[at];
      if (span === undefined || span.from > range.to) break;
      found.push({ boot: range.boot, from: Math.max(span.from, range.from), to: Math.min(span.to, range.to) });
    }
    return found;
  }
}

/** Index of the first span that ends at `seq` or later. */
function firstEndingAt(spans: readonly Span[], seq: number): number {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((spans[middle]?.to ?? Infinity) < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}
