import { surplusHosts, type PoolSizes, type PoolState } from './pool-state.js';

const NOTHING = { hosts: 0, slots: 0 };

/** Which hosts the pools can do without, and since when. Pure but for what it remembers; times are monotonic milliseconds. */
export class Surplus {
  readonly #surplusMs: number;
  /** Host → since when. */
  readonly #since = new Map<string, number>();
  readonly #waits: (domain: string, nowMs: number) => boolean;

  /**
   * `surplusMs`: how long a host must have been surplus without a break before it may go. No host goes of a domain where
   * somebody waits for a slot.
   */
  constructor(surplusMs: number, waits: (domain: string, nowMs: number) => boolean) {
    this.#surplusMs = surplusMs;
    this.#waits = waits;
  }

  /** To be told of every change: a host that was needed for a moment begins anew. */
  observe(pool: PoolState, sizes: PoolSizes, nowMs: number): void {
    const domains = new Set([...pool.values()].map(({ ref }) => ref.domain));
    const surplus = new Set(
      [...domains]
        .filter(domain => !this.#waits(domain, nowMs))
        .flatMap(domain => surplusHosts(pool, domain, sizes.get(domain) ?? NOTHING)),
    );
    for (const host of this.#since.keys()) if (!surplus.has(host)) this.#since.delete(host);
    for (const host of surplus) if (!this.#since.has(host)) this.#since.set(host, nowMs);
  }

  /** Hosts that may go now, each alone or all at once. */
  due(pool: PoolState, sizes: PoolSizes, nowMs: number): string[] {
    // Somebody may have ceased to wait since the last change.
    this.observe(pool, sizes, nowMs);
    return [...this.#since].filter(([, sinceMs]) => nowMs - sinceMs >= this.#surplusMs).map(([host]) => host);
  }
}
