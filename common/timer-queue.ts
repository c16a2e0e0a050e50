/** What is due on a clock that is moved: by due time, and of the same time in the order in which it was set. */
export class TimerQueue {
  readonly #timers = new Set<{ readonly dueMs: number; readonly fn: () => void }>();

  get size(): number {
    return this.#timers.size;
  }

  /** The returned function cancels it. */
  add(dueMs: number, fn: () => void): () => void {
    const timer = { dueMs, fn };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** When the next one is due, where that is not after `untilMs`. */
  nextMs(untilMs: number): number | undefined {
    return this.#next(untilMs)?.dueMs;
  }

  /** Takes the next one out; `undefined` where none is due by `untilMs`. */
  take(untilMs: number): (() => void) | undefined {
    const next = this.#next(untilMs);
    if (next !== undefined) this.#timers.delete(next);
    return next?.fn;
  }

  #next(untilMs: number): { readonly dueMs: number; readonly fn: () => void } | undefined {
    let first: { readonly dueMs: number; readonly fn: () => void } | undefined;
    for (const timer of this.#timers)
      if (timer.dueMs <= untilMs && (first === undefined || timer.dueMs < first.dueMs)) first = timer;
    return first;
  }
}
