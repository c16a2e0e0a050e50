import { promqlFault } from './promql-error.js';

/** Lets so many queries run at once; so many more wait, the others are refused. */
export class QuerySlots {
  readonly #waiting: (() => void)[] = [];
  readonly #atOnce: number;
  readonly #maxWaiting: number;
  #running = 0;

  constructor(atOnce: number, maxWaiting: number) {
    this.#atOnce = atOnce;
    this.#maxWaiting = maxWaiting;
  }

  /** Gives up with `timeout` once the signal is aborted. Rejects with `unavailable` where too many wait. */
  async run<T>(query: (signal: AbortSignal) => Promise<T>, timeoutMs: number): Promise<T> {
    const signal = AbortSignal.timeout(timeoutMs);
    if (this.#running >= this.#atOnce) {
      if (this.#waiting.length >= this.#maxWaiting) throw promqlFault('unavailable', 'too many queries wait already');
      await new Promise<void>(resolve => this.#waiting.push(resolve));
    } else this.#running++;
    try {
      signal.throwIfAborted();
      return await query(signal);
    } catch (error) {
      if (signal.aborted && error === signal.reason)
        throw promqlFault('timeout', `query timed out in query execution: ${timeoutMs} ms`);
      throw error;
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
