import type { Clock, Timers } from '../../common/clock.js';

interface Waiting<T> {
  readonly item: T;
  readonly dueMs: number;
}

/**
 * Items that fall due a fixed time after they came, in that order, unless they are done by then. One timer stands for
 * all of them: a timer per request would cost a busy host more than the requests.
 */
export class AckDeadlines<T> {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #delayMs: number;
  readonly #isDone: (item: T) => boolean;
  readonly #onDue: (item: T) => void;
  #queue: Waiting<T>[] = [];
  #head = 0;
  #cancel: (() => void) | undefined;

  constructor(options: {
    readonly clock: Clock;
    readonly timers: Timers;
    readonly delayMs: number;
    readonly isDone: (item: T) => boolean;
    readonly onDue: (item: T) => void;
  }) {
    this.#clock = options.clock;
    this.#timers = options.timers;
    this.#delayMs = options.delayMs;
    this.#isDone = options.isDone;
    this.#onDue = options.onDue;
  }

  push(item: T): void {
    this.#dropDone();
    this.#queue.push({ item, dueMs: this.#clock.monotonicMs() + this.#delayMs });
    this.#cancel ??= this.#timers.after(this.#delayMs, () => this.#sweep());
  }

  close(): void {
    this.#cancel?.();
    this.#queue = [];
    this.#head = 0;
  }

  #sweep(): void {
    this.#cancel = undefined;
    const nowMs = this.#clock.monotonicMs();
    for (let first = this.#dropDone(); first !== undefined && first.dueMs <= nowMs; first = this.#dropDone()) {
      this.#head++;
      this.#onDue(first.item);
    }
    const next = this.#queue[this.#head];
    if (next !== undefined) this.#cancel = this.#timers.after(next.dueMs - nowMs, () => this.#sweep());
  }

  /** The first item that is not done. */
  #dropDone(): Waiting<T> | undefined {
    let first = this.#queue[this.#head];
    while (first !== undefined && this.#isDone(first.item)) first = this.#queue[++this.#head];
    if (this.#head > 1_024 && this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    return first;
  }
}
