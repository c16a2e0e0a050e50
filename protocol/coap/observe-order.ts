/** A notification as its order is told: the Observe option, and when it arrived, monotonic milliseconds. */
export interface Arrival {
  readonly observe: number;
  readonly atMs: number;
}

/** RFC 7641 §3.4: Observe has 24 bits, and after 128 s the newer arrival is the newer state whatever its number is. */
export const OBSERVE_NUMBERS = 2 ** 24;
const HALF = 2 ** 23;
const CERTAIN_MS = 128_000;

/** Whether `next`, which arrived later, tells of a newer state than `known`. */
export function isFresher(next: Arrival, known: Arrival): boolean {
  const { observe } = next;
  return (
    (observe > known.observe && observe - known.observe < HALF) ||
    (observe < known.observe && known.observe - observe > HALF) ||
    next.atMs > known.atMs + CERTAIN_MS
  );
}

/**
 * Numbers for notifications that go on where an earlier run of the process ended: milliseconds of the wall clock, and one
 * more than the last where that has not moved on. They come round after 4.6 hours, far slower than RFC 7641 §4.4 asks for.
 */
export function clockNumbers(nowMs: () => number): () => number {
  let last = -1;
  return () => {
    const byClock = Math.floor(nowMs()) % OBSERVE_NUMBERS;
    const next = (last + 1) % OBSERVE_NUMBERS;
    last = last < 0 || isFresher({ observe: byClock, atMs: 0 }, { observe: last, atMs: 0 }) ? byClock : next;
    return last;
  };
}
