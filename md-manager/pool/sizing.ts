import type { PoolSizes } from './pool-state.js';
import { aged, noDemand, requested, started, type Demand } from './policy/demand.js';
import { slotsWanted, type PoolPolicy } from './policy/policy.js';

/** What each pool is kept at: the settings' sizes, or more by the demand that was seen. Times are monotonic milliseconds. */
export class Sizing {
  /** Domain → slots to keep ready; changes with `adjust`. */
  readonly sizes: PoolSizes;
  readonly #now: Map<string, number>;
  readonly #least: PoolSizes;
  readonly #policy: PoolPolicy;
  readonly #demands = new Map<string, Demand>();

  /** `least`: what a pool never falls below, and under the fixed policy its size. */
  constructor(policy: PoolPolicy, least: PoolSizes) {
    this.#policy = policy;
    this.#least = least;
    this.#now = new Map(least);
    this.sizes = this.#now;
  }

  /** Somebody got a slot of this domain. */
  taken(domain: string, nowMs: number): void {
    if (this.#policy.kind === 'fixed') return;
    this.#demands.set(domain, requested(this.#of(domain, nowMs), nowMs, this.#policy.halfLifeMs));
  }

  /** A host of this domain was ready `tookMs` after its order. */
  started(domain: string, tookMs: number, nowMs: number): void {
    if (this.#policy.kind === 'fixed') return;
    this.#demands.set(domain, started(this.#of(domain, nowMs), tookMs));
  }

  /** To be called from time to time: demand fades. */
  adjust(nowMs: number): void {
    if (this.#policy.kind === 'fixed') return;
    for (const [domain, least] of this.#least) {
      const demand = aged(this.#of(domain, nowMs), nowMs, this.#policy.halfLifeMs);
      this.#demands.set(domain, demand);
      this.#now.set(domain, slotsWanted(this.#policy, least, demand));
    }
  }

  #of(domain: string, nowMs: number): Demand {
    return this.#demands.get(domain) ?? noDemand(nowMs);
  }
}
