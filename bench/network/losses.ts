import type { CarLog } from './drive-log.js';
import type { Move } from './moves.js';

/** Numbers in a row that came to no host. */
export interface Gap {
  readonly frames: number;
  /** When the first of them left the car. */
  readonly atMs: number;
  /** From the last move of any car before it; absent before the first move. */
  readonly sinceMoveMs?: number;
  /** From the last move of this car. */
  readonly sinceOwnMoveMs?: number;
}

/** A gap that begins so soon after a move of its car belongs to it: grace included, a hand-over is over by then. */
export const AROUND_MS = 1_000;

/** Where the losses of a car lie in time: pure. `movedAtMs` of all cars, in order. */
export function gapsOf({ sent, arrived }: CarLog, own: readonly Move[], movedAtMs: readonly number[]): Gap[] {
  const came = new Set(arrived.map(({ number }) => number));
  const gaps: { frames: number; atMs: number }[] = [];
  let open: { frames: number; atMs: number } | undefined;
  for (const { number, atMs } of sent) {
    if (came.has(number)) open = undefined;
    else if (open !== undefined) open.frames++;
    else gaps.push((open = { frames: 1, atMs }));
  }
  const ownAtMs = own.map(({ atMs }) => atMs);
  const since = (times: readonly number[], atMs: number): number | undefined => {
    const last = times.findLast(time => time <= atMs);
    return last === undefined ? undefined : atMs - last;
  };
  return gaps.map(gap => {
    const any = since(movedAtMs, gap.atMs);
    const mine = since(ownAtMs, gap.atMs);
    return {
      ...gap,
      ...(any === undefined ? {} : { sinceMoveMs: any }),
      ...(mine === undefined ? {} : { sinceOwnMoveMs: mine }),
    };
  });
}
