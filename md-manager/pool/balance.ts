import type { PoolPolicy } from './policy/policy.js';
import { shortOf, type PoolSize, type PoolSizes, type PoolState } from './pool-state.js';
import { Sizing } from './sizing.js';
import { Starts, type StartsDeps } from './starts.js';
import { Surplus } from './surplus.js';
import { Waiting } from './waiting.js';

export interface BalanceOptions {
  /** Domain → hosts kept there, and slots kept ready; under another policy than the fixed one the least of them. */
  readonly sizes: ReadonlyMap<string, number>;
  readonly policy: PoolPolicy;
  readonly slotsPerHost: number;
  /** Hosts of a domain at most: its quota. */
  readonly maxHosts: (domain: string) => number;
  /** How long a host may take from its start to its hello. */
  readonly startMs: number;
  /** How long a host must have been surplus before it is ended. */
  readonly surplusMs: number;
}

export interface BalanceDeps extends Omit<StartsDeps, 'startMs'> {
  readonly pool: () => PoolState;
}

type Kept = Pick<PoolSize, 'hosts' | 'slots'>;

/** Sees to it that there are as many hosts as are needed: orders what is missing, names what is too many. */
export class Balance {
  readonly starts: Starts;
  readonly #options: BalanceOptions;
  readonly #deps: BalanceDeps;
  readonly #sizing: Sizing;
  readonly #waiting = new Waiting();
  readonly #surplus: Surplus;

  constructor(options: BalanceOptions, deps: BalanceDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#sizing = new Sizing(options.policy, options.sizes);
    this.#surplus = new Surplus(options.surplusMs, (domain, nowMs) => this.#waiting.any(domain, nowMs));
    // From 0 on, so that the first time is seen as a rise.
    for (const domain of options.sizes.keys()) deps.metrics.count('pool_full_total', { domain }, 0);
    this.starts = new Starts({
      ...deps,
      startMs: options.startMs,
      onReadyAfter: (domain, tookMs) => {
        this.#sizing.started(domain, tookMs, deps.clock.monotonicMs());
        deps.onReadyAfter(domain, tookMs);
      },
      onOrderFailed: domain => {
        // Where other hosts are on their way, who waits hears of those first.
        if (!this.#starting(domain) && this.starts.underWay(domain) <= 1) this.#refuse(domain);
      },
    });
  }

  /** What each pool is kept at now. */
  get sizes(): PoolSizes {
    return this.#sizing.sizes;
  }

  /** Hosts beyond the pool's size, as many as it takes for all who wait. Those that start anyway will do. */
  order(domain: string): void {
    const { pool, clock, log, timers, metrics } = this.#deps;
    this.#waiting.add(domain, clock.monotonicMs());
    const hosts = [...pool().values()].filter(({ ref, state }) => ref.domain === domain && state !== 'going').length;
    const starting = this.#starting(domain) || this.starts.underWay(domain) > 0;
    if (starting || hosts < this.#options.maxHosts(domain)) return this.refill();
    log.error({ event: 'manager.pool.full', domain, hosts });
    metrics.count('pool_full_total', { domain });
    timers.after(0, () => this.#refuse(domain));
  }

  /** Orders what is missing. */
  refill(): void {
    const { slotsPerHost, maxHosts } = this.#options;
    this.#sizing.adjust(this.#deps.clock.monotonicMs());
    const pool = this.#deps.pool();
    const others = this.#waiting.domains().map(domain => [domain, { hosts: 0, slots: 0 }] as const);
    for (const [domain, { hosts, slots }] of new Map<string, Kept>([...others, ...this.sizes])) {
      if (!this.starts.may(domain)) continue;
      const waiting = this.#waiting.slots(domain, this.#deps.clock.monotonicMs());
      const missing = shortOf(pool, domain, { hosts, slots, waiting, slotsPerHost, maxHosts: maxHosts(domain) });
      for (let n = this.starts.underWay(domain); n < missing; n++) void this.starts.order(domain);
    }
  }

  /** Domain → vehicles that are foreseen to enter it, and hold no slot there. */
  expect(expected: ReadonlyMap<string, number>): void {
    this.#sizing.expect(expected);
  }

  taken(domain: string): void {
    this.#sizing.taken(domain, this.#deps.clock.monotonicMs());
    this.#waiting.taken(domain);
  }

  /** Slots are offered to all who wait: who finds none again orders again. */
  offered(domain: string): void {
    this.#waiting.offered(domain);
  }

  /** To be told of every change of the pool. */
  observe(pool: PoolState): void {
    this.#surplus.observe(pool, this.sizes, this.#deps.clock.monotonicMs());
  }

  /** Hosts that may go now. */
  surplus(): string[] {
    return this.#surplus.due(this.#deps.pool(), this.sizes, this.#deps.clock.monotonicMs());
  }

  #starting(domain: string): boolean {
    return [...this.#deps.pool().values()].some(({ ref, state }) => ref.domain === domain && state === 'starting');
  }

  #refuse(domain: string): void {
    this.#waiting.refused(domain);
    this.#deps.onOrderFailed(domain);
  }
}
