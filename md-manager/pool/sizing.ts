import type { PoolSize, PoolSizes } from './pool-state.js';
import { aged, noDemand, requested, started, type Demand } from './policy/demand.js';
import { slotsWanted, type PoolPolicy } from './policy/policy.js';

/** What each pool is kept at: the settings' sizes, or more by the demand that was seen or is foreseen. Times are monotonic milliseconds. */
export class Sizing {
  /** Changes with `adjust`. */
  readonly sizes: PoolSizes;
  readonly #now: Map<string, PoolSize>;
  readonly #least: ReadonlyMap<string, number>;
  readonly #policy: PoolPolicy;
  readonly #demands = new Map<string, Demand>();
  #expected: ReadonlyMap<string, number> = new Map();

  /** `least`: hosts that run, and slots that are ready, in any case; under the fixed policy the pool's size. */
  constructor(policy: PoolPolicy, least: ReadonlyMap<string, number>) {
    this.#policy = policy;
    this.#least = least;
    this.#now = new Map([...least].map(([domain, size]) => [domain, { hosts: size, slots: size, reserve: size }]));
    this.sizes = this.#now;
  }

  /** Somebody got a slot of this domain. */
  taken(domain: string, nowMs: number): void {
    if (this.#policy.kind !== 'hit-rate') return;
    this.#demands.set(domain, requested(this.#of(domain, nowMs), nowMs, this.#policy.halfLifeMs));
  }

  /** A host of this domain was ready `tookMs` after its order. */
  started(domain: string, tookMs: number, nowMs: number): void {
    if (this.#policy.kind === 'hit-rate') this.#demands.set(domain, started(this.#of(domain, nowMs), tookMs));
  }

  /** Domain → vehicles that are foreseen to enter it, and hold no slot there. */
  expect(expected: ReadonlyMap<string, number>): void {
    this.#expected = expected;
  }

  /** To be called from time to time: demand fades. */
  adjust(nowMs: number): void {
    const policy = this.#policy;
    if (policy.kind === 'fixed') return;
    for (const [domain, least] of this.#least) {
      let demand = this.#of(domain, nowMs);
      if (policy.kind === 'hit-rate') this.#demands.set(domain, (demand = aged(demand, nowMs, policy.halfLifeMs)));
      const slots = slotsWanted(policy, least, demand, this.#expected.get(domain) ?? 0);
      // What is ready for those who are foreseen is theirs.
      const reserve = policy.kind === 'prediction' ? least : slots;
      this.#now.set(domain, { hosts: least, slots, reserve });
    }
  }

  #of(domain: string, nowMs: number): Demand {
    return this.#demands.get(domain) ?? noDemand(nowMs);
  }
}
