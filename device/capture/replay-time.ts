import { delay, systemTimers, type Clock, type Timers } from '../../common/clock.js';
import { TimerQueue } from '../../common/timer-queue.js';
import type { CaptureEntry } from './lines.js';

/**
 * Time as a capture has it. `virtual` stands still unless it is moved, and all that is due at a moment has run to its end before
 * the next one: a replay is the same each time. `real` goes as fast as clocks do, for a twin that answers in its own time.
 */
export interface ReplayTime extends Clock, Timers {
  /** Sets the system's clock to what the capture says. */
  setUtc(utcMs: number): void;
  /** Resolves once it is `untilMs` (monotonic; the capture began at 0), or rejects with the signal's reason. */
  runTo(untilMs: number, signal: AbortSignal): Promise<void>;
}

/** Lets whatever is ready run to its end. */
const settle = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

/** A clock that was never set shows the year 1970. */
const UNSET_MS = 0;

/** `paceMs(ms)` waits as long as the replay is to take for a step; none: as fast as it can. */
export function virtualTime(paceMs?: (ms: number, signal: AbortSignal) => Promise<void>): ReplayTime {
  let elapsedMs = 0;
  let offsetMs = UNSET_MS;
  const timers = new TimerQueue();
  const moveTo = async (ms: number, signal: AbortSignal): Promise<void> => {
    if (ms > elapsedMs) await paceMs?.(ms - elapsedMs, signal);
    elapsedMs = Math.max(elapsedMs, ms);
  };
  const nowMs = (): number => offsetMs + elapsedMs;
  return {
    nowMs,
    monotonicMs: () => elapsedMs,
    stampMs: nowMs,
    setUtc: utcMs => {
      offsetMs = utcMs - elapsedMs;
    },
    after: (ms, fn) => timers.add(elapsedMs + Math.max(0, ms), fn),
    async runTo(untilMs, signal) {
      await settle();
      for (let dueMs = timers.nextMs(untilMs); dueMs !== undefined; dueMs = timers.nextMs(untilMs)) {
        await moveTo(dueMs, signal);
        signal.throwIfAborted();
        // It may have been cancelled meanwhile.
        timers.take(dueMs)?.();
        await settle();
      }
      await moveTo(untilMs, signal);
      signal.throwIfAborted();
    },
  };
}

/** Waits as long as it took: for a replay that is watched. */
export const atItsOwnPace = (ms: number, signal: AbortSignal): Promise<void> => delay(ms, signal);

export function realTime(clock: Pick<Clock, 'monotonicMs'>): ReplayTime {
  const fromMs = clock.monotonicMs();
  let offsetMs = UNSET_MS;
  const monotonicMs = (): number => clock.monotonicMs() - fromMs;
  const nowMs = (): number => offsetMs + monotonicMs();
  return {
    nowMs,
    monotonicMs,
    stampMs: nowMs,
    setUtc: utcMs => {
      offsetMs = utcMs - monotonicMs();
    },
    after: (ms, fn) => systemTimers.after(ms, fn),
    runTo: (untilMs, signal) => delay(Math.max(0, untilMs - monotonicMs()), signal),
  };
}

/** The system's clock of the capture, and what the machine said of it, moment by moment. */
export function replayClock(entries: readonly CaptureEntry[], time: ReplayTime): () => Promise<boolean> {
  let synchronised = false;
  for (const entry of entries) {
    if (!('clock' in entry)) continue;
    const set = (): void => {
      time.setUtc(entry.clock.utcMs);
      ({ synchronised } = entry.clock);
    };
    if (entry.atMs <= time.monotonicMs()) set();
    else time.after(entry.atMs - time.monotonicMs(), set);
  }
  return () => Promise.resolve(synchronised);
}
