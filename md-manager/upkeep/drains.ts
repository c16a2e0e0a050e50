import { every, type Clock, type Timers } from '../../common/clock.js';
import type { DrainState } from '../../protocol/api/pools.js';
import type { Standby } from '../arming/standby.js';
import type { Runner } from '../handover/runner.js';
import type { VehicleState } from '../handover/state.js';
import type { Pool } from '../pool/pool.js';

export interface DrainsDeps {
  readonly pool: Pick<Pool, 'drain' | 'draining'>;
  readonly runner: Pick<Runner, 'namedBy' | 'state' | 'order'>;
  readonly standby: Pick<Standby, 'leave'>;
  readonly newId: () => string;
  readonly clock: Clock;
  readonly timers: Timers;
}

const LOOK_MS = 250;
/** Twins of one host that move away at once. */
const AT_ONCE = 64;
/** A twin that found no slot elsewhere asks again after so long. */
const AGAIN_MS = 5_000;

/**
 * Empties hosts for maintenance: each twin goes over to another host by an ordinary hand-over, standby slots are given back, and the
 * pool ends the host once nobody holds a slot there. A twin that finds no other place stays, and tries again.
 */
export class Drains {
  readonly #deps: DrainsDeps;
  /** Vehicle → when it may try again (monotonic). */
  readonly #later = new Map<string, number>();
  readonly #stop: () => void;

  constructor(deps: DrainsDeps) {
    this.#deps = deps;
    this.#stop = every(deps.timers, LOOK_MS, () => this.#look());
  }

  /** NOT_FOUND where no such host runs. */
  order(host: string): DrainState {
    const { pool } = this.#deps;
    pool.drain(host);
    this.#look();
    return { host, held: pool.draining().get(host) ?? 0 };
  }

  close(): void {
    this.#stop();
  }

  #look(): void {
    const { pool, standby } = this.#deps;
    const draining = pool.draining();
    if (draining.size === 0) this.#later.clear();
    for (const host of draining.keys()) {
      standby.leave(host);
      this.#moveAway(host);
    }
  }

  #moveAway(host: string): void {
    const { runner, clock } = this.#deps;
    const nowMs = clock.monotonicMs();
    const states = runner.namedBy(host).flatMap(vehicle => runner.state(vehicle) ?? []);
    const here = states.filter(({ twin }) => twin.host.host === host);
    let underWay = states.filter(({ run }) => run !== undefined).length;
    for (const state of here) {
      if (underWay >= AT_ONCE) return;
      const { vehicle } = state;
      if (state.run !== undefined || (this.#later.get(vehicle) ?? 0) > nowMs) continue;
      if (this.#order(state) !== 'started') continue;
      this.#later.set(vehicle, nowMs + AGAIN_MS);
      underWay++;
    }
  }

  #order({ vehicle, attachment, twin }: VehicleState): ReturnType<Runner['order']> {
    const { runner, newId } = this.#deps;
    // Home first, else where the twin is now.
    const domains = [...new Set([attachment?.domain ?? twin.host.domain, twin.host.domain])];
    return runner.order(vehicle, { id: newId(), kind: 'drain', domains });
  }
}
