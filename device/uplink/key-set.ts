import type { Key, Range } from './key.js';

/** One text per report, to key maps with. */
export const idOf = (key: Key): string => `${key.boot}/${key.seq}`;

export const inOrder = (x: Key, y: Key): number => x.boot - y.boot || x.seq - y.seq;

/** The smallest list of ranges that hold exactly these keys, in order. */
export function rangesOf(keys: Iterable<Key>): Range[] {
  const ranges: Range[] = [];
  for (const { boot, seq } of [...keys].sort(inOrder)) {
    const last = ranges.at(-1);
    if (last?.boot === boot && seq <= last.to + 1) ranges[ranges.length - 1] = { ...last, to: seq };
    else ranges.push({ boot, from: seq, to: seq });
  }
  return ranges;
}

export const inRangeOrder = (x: Range, y: Range): number => x.boot - y.boot || x.from - y.from;

/**
 * At most `max` ranges (or one a boot) that hold at least these, given in order: the nearest of one boot are joined over
 * what lies between.
 */
export function joinRanges(ranges: readonly Range[], max: number): Range[] {
  const spaces = ranges.flatMap((right, at) => {
    const left = ranges[at - 1];
    return left?.boot === right.boot ? [{ at, seqs: right.from - left.to }] : [];
  });
  const tooMany = Math.max(0, ranges.length - max);
  const closed = new Set(
    spaces
      .sort((x, y) => x.seqs - y.seqs)
      .slice(0, tooMany)
      .map(({ at }) => at),
  );
  const joined: Range[] = [];
  for (const [at, range] of ranges.entries()) {
    const last = joined.at(-1);
    if (last !== undefined && closed.has(at)) joined[joined.length - 1] = { ...last, to: Math.max(last.to, range.to) };
    else joined.push(range);
  }
  return joined;
}
