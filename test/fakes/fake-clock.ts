import type { Clock, Timers } from '../../common/clock.js';
import { TimerQueue } from '../../common/timer-queue.js';

export interface FakeClock extends Clock, Timers {
  /** Moves time forward; timers that fall due run in their order, and what they set going settles before the next one. */
  advance(ms: number): Promise<void>;
  /** Steps the wall clock alone, as an operator or a GPS fix does. */
  step(ms: number): void;
  /** Timers that wait. */
  readonly pending: number;
}

/** Lets promises that are ready run to their end. */
const settle = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

/** A clock that stands still until it is advanced: one object for whoever wants a Clock, Timers, or both. */
export function fakeClock(startMs = Date.UTC(2026, 0, 1)): FakeClock {
  let elapsedMs = 0;
  let offsetMs = startMs;
  const timers = new TimerQueue();
  return {
    nowMs: () => offsetMs + elapsedMs,
    monotonicMs: () => elapsedMs,
    stampMs: () => offsetMs + elapsedMs,
    after: (ms, fn) => timers.add(elapsedMs + Math.max(0, ms), fn),
    async advance(ms) {
      const untilMs = elapsedMs + ms;
      await settle();
      for (let dueMs = timers.nextMs(untilMs); dueMs !== undefined; dueMs = timers.nextMs(untilMs)) {
        elapsedMs = Math.max(elapsedMs, dueMs);
        timers.take(untilMs)?.();
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
