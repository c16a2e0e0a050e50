import { delay, type Timers } from '../../common/clock.js';
import { backoff } from '../../common/retry.js';
import type { TwinStore } from '../../store/types.js';
import type { Twin } from '../twin/twin.js';

/** Rows between two turns of the event loop. */
const SLICE = 256;
const PLAN = { firstMs: 200, maxMs: 30_000, jitter: 0.2 };
/** Rows, newest first, of the first look; each further one looks four times as far, so that it ends at all of history. */
const FIRST_DEPTH = 1_024;

/**
 * Finds out when a domain's store covers what digests promised: one twin at a time, in slices, so that a thousand
 * hand-overs at once do not hold up reports.
 */
export class Coverage {
  readonly #store: Pick<TwinStore, 'history'>;
  readonly #timers: Timers;
  readonly #random: () => number;
  readonly #signal: AbortSignal;
  readonly #onFailed: (vehicle: string, error: unknown) => void;
  /** Of each twin that is being watched. */
  readonly #watched = new Set<Twin>();
  #turn: Promise<void> = Promise.resolve();

  constructor(options: {
    readonly store: Pick<TwinStore, 'history'>;
    readonly timers: Timers;
    readonly random: () => number;
    readonly signal: AbortSignal;
    /** Called where the store could not be read; it is asked again. */
    readonly onFailed: (vehicle: string, error: unknown) => void;
  }) {
    this.#store = options.store;
    this.#timers = options.timers;
    this.#random = options.random;
    this.#signal = options.signal;
    this.#onFailed = options.onFailed;
  }

  /** Looks until the twin misses nothing, or is no longer `wanted`. */
  async watch(twin: Twin, wanted: () => boolean): Promise<void> {
    if (this.#watched.has(twin)) return;
    this.#watched.add(twin);
    try {
      let depth = FIRST_DEPTH;
      for (const waitMs of backoff(PLAN, this.#random)) {
        if (twin.missing.empty || !wanted()) return;
        this.#turn = this.#turn.then(() => this.#try(twin, depth));
        await this.#turn;
        this.#signal.throwIfAborted();
        if (twin.missing.empty) return;
        depth *= 4;
        await delay(waitMs, this.#signal, this.#timers);
      }
    } finally {
      this.#watched.delete(twin);
    }
  }

  /** A store that is away is an ordinary state: what is missing may be there the next time. */
  async #try(twin: Twin, depth: number): Promise<void> {
    try {
      await this.#look(twin, depth);
    } catch (error) {
      if (!this.#signal.aborted) this.#onFailed(twin.vehicle, error);
    }
  }

  async #look(twin: Twin, depth: number): Promise<void> {
    let rows = 0;
    for await (const { boot, seq } of this.#store.history(twin.vehicle, { reverse: true, limit: depth })) {
      twin.markStored(boot, seq);
      if (twin.missing.empty) return;
      if (++rows % SLICE === 0) await new Promise(resolve => setImmediate(resolve));
      this.#signal.throwIfAborted();
    }
  }
}
