import type { Key, Range } from './records.js';

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

/** At most `max` ranges that hold at least these: the nearest of one boot are joined over what lies between. */
export function joinRanges(ranges: readonly Range[], max: number): Range[] {
  const joined = [...ranges];
  while (joined.length > max) {
    let best = -1;
    let bestGap = Infinity;
    for (let i = 1; i < joined.length; i++) {
      const [left, right] = [joined[i - 1], joined[i]];
      if (left === undefined || right?.boot !== left.boot || right.from - left.to >= bestGap) continue;
      best = i;
      bestGap = right.from - left.to;
    }
    const [left, right] = [joined[best - 1], joined[best]];
    if (left === undefined || right === undefined) return joined;
    joined.splice(best - 1, 2, { ...left, to: right.to });
  }
  return joined;
}
