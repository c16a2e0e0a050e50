import type { Clock, Timers } from '../../common/clock.js';

export interface FakeClock extends Clock, Timers {
  /** Moves time forward; timers that fall due run in their order, and what they set going settles before the next one. */
  advance(ms: number): Promise<void>;
  /** Steps the wall clock alone, as an operator or a GPS fix does. */
  step(ms: number): void;
  /** Timers that wait. */
  readonly pending: number;
}

interface Timer {
  readonly dueMs: number;
  readonly fn: () => void;
}

/** Lets promises that are ready run to their end. */
const settle = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

/** A clock that stands still until it is advanced: one object for whoever wants a Clock, Timers, or both. */
export function fakeClock(startMs = Date.UTC(2026, 0, 1)): FakeClock {
  let elapsedMs = 0;
  let offsetMs = startMs;
  const timers = new Set<Timer>();
  const next = (untilMs: number): Timer | undefined => {
    let first: Timer | undefined;
    for (const timer of timers)
      if (timer.dueMs <= untilMs && (first === undefined || timer.dueMs < first.dueMs)) first = timer;
    return first;
  };
  return {
    nowMs: () => offsetMs + elapsedMs,
    monotonicMs: () => elapsedMs,
    stampMs: () => offsetMs + elapsedMs,
    after(ms, fn) {
      const timer = { dueMs: elapsedMs + Math.max(0, ms), fn };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    async advance(ms) {
      const untilMs = elapsedMs + ms;
      await settle();
      for (let timer = next(untilMs); timer !== undefined; timer = next(untilMs)) {
        timers.delete(timer);
        elapsedMs = Math.max(elapsedMs, timer.dueMs);
        timer.fn();
        await settle();
      }
      elapsedMs = untilMs;
    },
    step(ms) {
      offsetMs += ms;
    },
    get pending() {
      return timers.size;
    },
  };
}
