import type { Timers } from '../common/clock.js';

/** Timers that end together. */
export class TimerSet {
  readonly #timers: Timers;
  readonly #cancels = new Set<() => void>();
  #stopped = false;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Calls `fn` after `ms`, unless all are stopped before; the returned function cancels it. */
  after(ms: number, fn: () => void): () => void {
    if (this.#stopped) return () => undefined;
    const cancelOne = this.#timers.after(Math.max(0, ms), () => {
      this.#cancels.delete(cancel);
      fn();
    });
    const cancel = (): void => {
      this.#cancels.delete(cancel);
      cancelOne();
    };
    this.#cancels.add(cancel);
    return cancel;
  }

  stop(): void {
    this.#stopped = true;
    for (const cancel of [...this.#cancels]) cancel();
  }
}
