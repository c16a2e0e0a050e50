import { every, type Timers } from '../common/clock.js';

/** Calls at a beat that may be changed while it goes on. */
export class ReportBeat {
  readonly #timers: Timers;
  readonly #call: () => void;
  #periodMs: number | undefined;
  #cancel: () => void = () => undefined;

  constructor(timers: Timers, call: () => void) {
    this.#timers = timers;
    this.#call = call;
  }

  /** From now on at this period; the same one changes nothing. */
  set(periodMs: number): void {
    if (periodMs === this.#periodMs) return;
    this.stop();
    this.#periodMs = periodMs;
    this.#cancel = every(this.#timers, periodMs, this.#call);
  }

  stop(): void {
    this.#cancel();
    this.#periodMs = undefined;
  }
}
