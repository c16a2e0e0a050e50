import { every, type Clock, type Timers } from '../../common/clock.js';

const PERIOD_MS = 50;
const KEPT = 64;

/** Knows how late this process's own timers are: a prober that was asleep must not call others dead. */
export class LoopWatch {
  readonly #clock: Clock;
  readonly #stop: () => void;
  readonly #late: { atMs: number; lateMs: number }[] = [];
  #lastMs: number;

  constructor(clock: Clock, timers: Timers) {
    this.#clock = clock;
    this.#lastMs = clock.monotonicMs();
    this.#stop = every(timers, PERIOD_MS, () => {
      const atMs = clock.monotonicMs();
      this.#late.push({ atMs, lateMs: atMs - this.#lastMs - PERIOD_MS });
      if (this.#late.length > KEPT) this.#late.shift();
      this.#lastMs = atMs;
    });
  }

  /** The worst lateness since `sinceMs` (monotonic), a timer that is overdue right now included. */
  lateSince(sinceMs: number): number {
    const overdue = this.#clock.monotonicMs() - this.#lastMs - PERIOD_MS;
    return Math.max(overdue, ...this.#late.filter(({ atMs }) => atMs >= sinceMs).map(({ lateMs }) => lateMs));
  }

  close(): void {
    this.#stop();
  }
}
