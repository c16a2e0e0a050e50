import { noDemand, requested, started, type Demand } from '../../md-manager/pool/policy/demand.js';
import { slotsWanted, type PoolPolicy } from '../../md-manager/pool/policy/policy.js';
import type { Stay } from './trips.js';

export interface WorldOptions {
  readonly domains: number;
  readonly policy: PoolPolicy;
  /** Slots that every pool keeps at least. */
  readonly least: number;
  /** From the order of a slot until it is ready. */
  readonly startS: number;
  /** How long a slot is kept that its pool can do without. */
  readonly surplusS: number;
  /** How long a slot is held for a car that was forecast; 0: nobody is. */
  readonly leaseS: number;
}

export interface DayResult {
  readonly entries: number;
  /** Found a slot that was held for it. */
  readonly armed: number;
  /** Found a ready slot of the pool. */
  readonly warm: number;
  /** Waited for a start. */
  readonly cold: number;
  readonly waitedS: readonly number[];
  /** Slots that were ready, or held, and carried nobody. */
  readonly idleSlotMinutes: number;
  readonly slotsStarted: number;
}

interface Event {
  readonly atS: number;
  readonly run: () => void;
}

interface PoolOfDomain {
  ready: number;
  coming: number;
  /** Cars for which a slot is held. */
  readonly held: Map<number, number>;
  /** Cars that are foreseen, and have no slot yet. */
  readonly expected: Set<number>;
  readonly waiting: { readonly sinceS: number }[];
  demand: Demand;
  surplusSinceS: number;
}

/** One day of hand-overs against the pools of all domains, event by event; the sizes come from the product's own rule. */
export function runDay(stays: readonly Stay[], options: WorldOptions): DayResult {
  const { policy, least, startS, surplusS, leaseS } = options;
  const halfLifeMs = policy.kind === 'hit-rate' ? policy.halfLifeMs : 1;
  const events = new EventQueue();
  const pools = Array.from({ length: options.domains }, (): PoolOfDomain => ({
    ...{
      ready: least,
      coming: 0,
      held: new Map<number, number>(),
      expected: new Set<number>(),
      waiting: [],
      surplusSinceS: Infinity,
    },
    demand: started(noDemand(0), startS * 1000),
  }));
  const poolOf = (domain: number): PoolOfDomain => pools[domain] ?? fail(domain);
  let nowS = 0;
  const result = { entries: 0, armed: 0, warm: 0, cold: 0, idleSlotMinutes: 0, slotsStarted: least * options.domains };
  const waitedS: number[] = [];

  const give = (pool: PoolOfDomain): void => {
    const first = pool.waiting.shift();
    if (first === undefined) pool.ready += 1;
    else waitedS.push(nowS - first.sinceS);
  };
  const order = (pool: PoolOfDomain): void => {
    pool.coming += 1;
    result.slotsStarted += 1;
    events.add(nowS + startS, () => {
      pool.coming -= 1;
      give(pool);
      adjust(pool);
    });
  };
  const wantedIn = (pool: PoolOfDomain): number => slotsWanted(policy, least, pool.demand, pool.expected.size);
  /** Slots that arming leaves to hand-overs that come without notice: under the policy of prediction those beyond are the foreseen's. */
  const reserved = policy.kind === 'prediction' ? least : 0;
  const serveForeseen = (pool: PoolOfDomain): void => {
    for (const car of pool.expected) {
      if (pool.ready <= reserved) return;
      pool.expected.delete(car);
      hold(pool, car);
    }
  };
  const adjust = (pool: PoolOfDomain): void => {
    serveForeseen(pool);
    const wanted = wantedIn(pool);
    for (let have = pool.ready + pool.coming - pool.waiting.length; have < wanted; have++) order(pool);
    if (pool.ready <= wanted) pool.surplusSinceS = Infinity;
    else if (pool.surplusSinceS === Infinity) {
      pool.surplusSinceS = nowS;
      events.add(nowS + surplusS, () => {
        if (nowS - pool.surplusSinceS < surplusS) return;
        pool.ready = Math.min(pool.ready, wantedIn(pool));
        pool.surplusSinceS = Infinity;
      });
    }
  };
  const hold = (pool: PoolOfDomain, car: number): void => {
    pool.ready -= 1;
    pool.held.set(car, nowS);
    pool.demand = requested(pool.demand, nowS * 1000, halfLifeMs);
    events.add(nowS + leaseS, () => {
      const sinceS = pool.held.get(car);
      if (sinceS === undefined || nowS - sinceS < leaseS) return;
      pool.held.delete(car);
      give(pool);
      adjust(pool);
    });
  };
  const foresee = (stay: Stay): void => {
    const pool = poolOf(stay.forecast);
    if (pool.held.has(stay.car)) return;
    pool.expected.add(stay.car);
    adjust(pool);
    // Without a slot for it, and gone by: nobody is expected any more.
    events.add(nowS + leaseS, () => {
      if (pool.expected.delete(stay.car)) adjust(pool);
    });
  };
  const enter = (stay: Stay): void => {
    const pool = poolOf(stay.domain);
    result.entries += 1;
    const held = pool.held.delete(stay.car);
    pool.expected.delete(stay.car);
    // Whose slot was held has asked for it then.
    if (!held) pool.demand = requested(pool.demand, nowS * 1000, halfLifeMs);
    if (held) result.armed += 1;
    else if (pool.ready > 0) {
      pool.ready -= 1;
      result.warm += 1;
    } else {
      result.cold += 1;
      pool.waiting.push({ sinceS: nowS });
    }
    adjust(pool);
    events.add(Math.max(stay.leaveS, nowS), () => {
      give(pool);
      adjust(pool);
    });
  };
  for (const stay of stays) {
    if (leaseS > 0) events.add(stay.forecastS, () => foresee(stay));
    events.add(stay.enterS, () => enter(stay));
  }
  for (let event = events.next(); event !== undefined; event = events.next()) {
    const idle = pools.reduce((sum, { ready, held }) => sum + ready + held.size, 0);
    result.idleSlotMinutes += (idle * (event.atS - nowS)) / 60;
    nowS = event.atS;
    event.run();
  }
  return { ...result, waitedS };
}

function fail(domain: number): never {
  throw new Error(`no domain ${domain}`);
}

/** Events by time, those of one time in the order in which they were added (a binary heap). */
class EventQueue {
  readonly #heap: (Event & { readonly order: number })[] = [];
  #added = 0;

  add(atS: number, run: () => void): void {
    const heap = this.#heap;
    heap.push({ atS, run, order: this.#added++ });
    for (let at = heap.length - 1; at > 0;) {
      const parent = (at - 1) >> 1;
      if (!this.#before(at, parent)) break;
      this.#swap(at, parent);
      at = parent;
    }
  }

  next(): Event | undefined {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    heap[0] = last;
    for (let at = 0; ;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2])
        if (child < heap.length && this.#before(child, least)) least = child;
      if (least === at) return first;
      this.#swap(at, least);
      at = least;
    }
  }

  #before(a: number, b: number): boolean {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (one === undefined || other === undefined) return false;
    return one.atS - other.atS < 0 || (one.atS === other.atS && one.order < other.order);
  }

  #swap(a: number, b: number): void {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (one === undefined || other === undefined) return;
    this.#heap[a] = other;
    this.#heap[b] = one;
  }
}
