/** Closed ranges of seqs, ascending, neither touching nor overlapping: `[[1, 5], [9, 9]]`. */
export type SeqRanges = readonly (readonly [from: number, to: number])[];

/** What a digest carries per boot at most. */
export const MAX_RANGES = 64;

export const NO_SEQS: SeqRanges = [];

/** The set with `seq` in it. Cheap where seqs come in order. */
export function addSeq(ranges: SeqRanges, seq: number): SeqRanges {
  return addRange(ranges, seq, seq);
}

/** The set with all of `from` to `to` (both included) in it. */
export function addRange(ranges: SeqRanges, from: number, to: number): SeqRanges {
  if (to < from) return ranges;
  const first = firstReaching(ranges, from - 1);
  let last = first;
  let low = from;
  let high = to;
  for (let next = ranges[last]; next !== undefined && next[0] <= to + 1; next = ranges[++last]) {
    low = Math.min(low, next[0]);
    high = Math.max(high, next[1]);
  }
  return [...ranges.slice(0, first), [low, high], ...ranges.slice(last)];
}

/** Index of the first range that ends at or after `seq`. */
function firstReaching(ranges: SeqRanges, seq: number): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ranges[middle]?.[1] ?? Infinity) < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function mergeRanges(a: SeqRanges, b: SeqRanges): SeqRanges {
  return b.reduce<SeqRanges>((sum, [from, to]) => addRange(sum, from, to), a);
}

export function hasSeq(ranges: SeqRanges, seq: number): boolean {
  const found = ranges[firstReaching(ranges, seq)];
  return found !== undefined && found[0] <= seq;
}

/** Whether every seq of `inner` is in `outer`. */
export function covers(outer: SeqRanges, inner: SeqRanges): boolean {
  return inner.every(([from, to]) => {
    const found = outer[firstReaching(outer, from)];
    return found !== undefined && found[0] <= from && found[1] >= to;
  });
}

export const countSeqs = (ranges: SeqRanges): number => ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0);

/** What of `from` to `to` is not in the set. */
export function missingIn(ranges: SeqRanges, from: number, to: number): SeqRanges {
  const missing: [number, number][] = [];
  let next = from;
  for (let i = firstReaching(ranges, from); next <= to; i++) {
    const found = ranges[i];
    if (found === undefined || found[0] > to) {
      missing.push([next, to]);
      break;
    }
    if (found[0] > next) missing.push([next, found[0] - 1]);
    next = Math.max(next, found[1] + 1);
  }
  return missing;
}

/** What is in both sets. */
export const commonRanges = (a: SeqRanges, b: SeqRanges): SeqRanges =>
  a.flatMap(([from, to]) => {
    const common: [number, number][] = [];
    for (let i = firstReaching(b, from), other = b[i]; other !== undefined && other[0] <= to; other = b[++i])
      common.push([Math.max(from, other[0]), Math.min(to, other[1])]);
    return common;
  });

/** The newest `max` ranges: a set that is too ragged claims less than is stored, never more. */
export const compactRanges = (ranges: SeqRanges, max = MAX_RANGES): SeqRanges =>
  ranges.length <= max ? ranges : ranges.slice(ranges.length - max);
