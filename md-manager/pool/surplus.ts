import { surplusHosts, type PoolSizes, type PoolState } from './pool-state.js';

/**
 * How long hosts are kept for somebody who was refused: a device that found no slot comes back within a minute, and some
 * jitter.
 */
const PROMISE_MS = 120_000;

/** Which hosts the pools can do without, and since when. Pure but for what it remembers; times are monotonic milliseconds. */
export class Surplus {
  readonly #surplusMs: number;
  /** Host → since when. */
  readonly #since = new Map<string, number>();
  /** Domain → until when its hosts are kept for somebody who waits. */
  readonly #promised = new Map<string, number>();

  /** `surplusMs`: how long a host must have been surplus without a break before it may go. */
  constructor(surplusMs: number) {
    this.#surplusMs = surplusMs;
  }

  /** Somebody waits for a slot in this domain: none of its hosts goes until one was taken. */
  promise(domain: string, nowMs: number): void {
    this.#promised.set(domain, nowMs + PROMISE_MS);
  }

  taken(domain: string): void {
    this.#promised.delete(domain);
  }

  /** To be told of every change: a host that was needed for a moment begins anew. */
  observe(pool: PoolState, sizes: PoolSizes, nowMs: number): void {
    const domains = new Set([...pool.values()].map(({ ref }) => ref.domain));
    const surplus = new Set(
      [...domains]
        .filter(domain => (this.#promised.get(domain) ?? 0) <= nowMs)
        .flatMap(domain => surplusHosts(pool, domain, sizes.get(domain) ?? 0)),
    );
    for (const host of this.#since.keys()) if (!surplus.has(host)) this.#since.delete(host);
    for (const host of surplus) if (!this.#since.has(host)) this.#since.set(host, nowMs);
  }

  /** Hosts that may go now, each alone or all at once. */
  due(pool: PoolState, sizes: PoolSizes, nowMs: number): string[] {
    // A promise may have run out since the last change.
    this.observe(pool, sizes, nowMs);
    return [...this.#since].filter(([, sinceMs]) => nowMs - sinceMs >= this.#surplusMs).map(([host]) => host);
  }
}
