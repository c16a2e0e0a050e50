import type { CarLog, Sight } from './drive-log.js';

/** What a move did to the numbered datagrams of a car: pure, from its log. */
export interface Move {
  /** The first frame out of the new device. */
  readonly atMs: number;
  readonly from: string;
  readonly to: string;
  readonly oldHost: string;
  /** Where frames came before the next move; the old one, if it did not follow. */
  readonly newHost: string;
  /** From the first frame out of the new device to the first of its frames at the old host; absent where none came there. */
  readonly toOldMs: number | undefined;
  readonly toNewMs: number | undefined;
  /** From the last answer by the old device before it to the first by the new one. */
  readonly wayBackGapMs: number | undefined;
  /** Answers to frames of the new device that came by another one. */
  readonly misled: number;
}

export interface Counts {
  readonly sent: number;
  /** Numbers that came to no host. */
  readonly lost: number;
  /** Arrivals beyond the first of a number. */
  readonly doubled: number;
  /** Arrivals after one with a higher number, at whichever host. */
  readonly reordered: number;
  /** Numbers that came to a host, which did not answer. */
  readonly unanswered: number;
  /** Numbers whose answer left a host and never came to the car. */
  readonly answersLost: number;
}

/** The moves of a car in their order. */
export function movesOf({ sent, answered, arrived }: CarLog): Move[] {
  const firsts = sent.filter((sight, at) => at > 0 && sight.where !== sent[at - 1]?.where);
  const starts = [...firsts.map(({ number }) => number), Infinity];
  const arrivals = byMove(arrived, starts);
  const answers = byMove(answered, starts);
  return firsts.flatMap((first, at) => {
    // Frames of the old device that come later may go to the new host already: they are not what the old one was.
    const before = arrivals[at]?.findLast(({ atMs }) => atMs <= first.atMs);
    const mine = arrivals[at + 1] ?? [];
    const last = mine.at(-1);
    const from = sent[sent.indexOf(first) - 1]?.where;
    if (before === undefined || last === undefined || from === undefined) return [];
    const sinceFirst = (sight: Sight | undefined): number | undefined =>
      sight === undefined ? undefined : sight.atMs - first.atMs;
    const back = (answers[at + 1] ?? []).find(({ where }) => where === first.where);
    const lastBefore = back && (answers[at] ?? []).findLast(({ where, atMs }) => where === from && atMs < back.atMs);
    const moved = last.where !== before.where;
    return [
      {
        atMs: first.atMs,
        from,
        to: first.where,
        oldHost: before.where,
        newHost: last.where,
        toOldMs: sinceFirst(mine.find(({ where }) => where === before.where)),
        toNewMs: moved ? sinceFirst(mine.find(({ where }) => where === last.where)) : undefined,
        wayBackGapMs: back === undefined || lastBefore === undefined ? undefined : back.atMs - lastBefore.atMs,
        misled: (answers[at + 1] ?? []).filter(({ where }) => where !== first.where).length,
      },
    ];
  });
}

/** Over the whole log. Captures must have begun before the first datagram and ended after the last answer. */
export function countsOf({ sent, answered, arrived, replied }: CarLog): Counts {
  const seen = new Map<number, number>();
  let highest = -1;
  let reordered = 0;
  for (const { number } of arrived) {
    seen.set(number, (seen.get(number) ?? 0) + 1);
    if (number < highest) reordered++;
    highest = Math.max(highest, number);
  }
  const answers = new Set(replied.map(({ number }) => number));
  const back = new Set(answered.map(({ number }) => number));
  return {
    sent: sent.length,
    lost: sent.filter(({ number }) => !seen.has(number)).length,
    doubled: arrived.length - seen.size,
    reordered,
    unanswered: [...seen.keys()].filter(number => !answers.has(number)).length,
    answersLost: [...answers].filter(number => !back.has(number)).length,
  };
}

/** How long hosts took to answer, of each datagram that they answered: a host that stands still is seen here. */
export function answerTimesOf({ arrived, replied }: CarLog): number[] {
  const came = new Map(arrived.map(({ number, atMs }) => [number, atMs]));
  return replied.flatMap(({ number, atMs }) => {
    const at = came.get(number);
    return at === undefined ? [] : [atMs - at];
  });
}

/** Sights by the device that their datagram left by: index 0 before the first move, 1 from it on, and so forth. */
function byMove(sights: readonly Sight[], starts: readonly number[]): Sight[][] {
  const groups: Sight[][] = starts.map(() => []);
  for (const sight of sights) {
    let at = starts.findIndex(start => sight.number < start);
    if (at < 0) at = starts.length - 1;
    groups[at]?.push(sight);
  }
  return groups;
}
