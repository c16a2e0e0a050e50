import type { Clock } from '../../common/clock.js';
import type { Topology } from '../../protocol/topology.js';
import type { VehicleState } from '../handover/state.js';
import type { Pool } from '../pool/pool.js';
import { Foresight, type Foreseer } from './foresight.js';
import { keptOf } from './lease.js';
import type { Leases } from './leases.js';
import { nextDomains, type NextDomain } from './neighbours.js';
import { planStandby, type Limits, type Plan, type Room } from './plan.js';
import { restOf } from './rest.js';

export interface PlannerOptions extends Limits {
  /** Where nobody knows the network, nothing is kept. */
  readonly topology: Topology | undefined;
  /** Slots of each domain that are left to hand-overs, at least; never fewer than its pool keeps for them. */
  readonly reserve: number;
  readonly dwellMs: number;
  /** Where slots are kept: wherever a vehicle may go next, or only where it is foreseen to go, once it is known how it moves. */
  readonly by: 'neighbours' | 'prediction';
}

/** Vehicles that went without for want of room are looked at again so often, and so many at once. */
const UNSERVED = { everyMs: 1_000, atOnce: 256 };
/** A vehicle whose offers were refused is left alone for so long. */
const REFUSED_MS = 5_000;
/** How long a word about a vehicle's way counts: it may have been wrong. */
const FORESEEN_MS = 60_000;
const NOTHING: Limits = { budget: 0, ticketsPerDomain: 0 };

/** Which vehicles are to be planned for, and when. */
export class Planner {
  readonly #options: PlannerOptions;
  readonly #pool: Pick<Pool, 'rooms'>;
  readonly #clock: Clock;
  readonly #leases: Leases;
  readonly #state: (vehicle: string) => VehicleState | undefined;
  readonly #due = new Set<string>();
  readonly #unserved = new Set<string>();
  /** Vehicle → when it is due (monotonic): its dwell is over, or it was refused long enough ago. */
  readonly #later = new Map<string, number>();
  readonly #refusedUntil = new Map<string, number>();
  readonly #foresight = new Foresight();
  #nextUnservedMs = 0;

  constructor(
    options: PlannerOptions,
    deps: {
      readonly pool: Pick<Pool, 'rooms'>;
      readonly clock: Clock;
      readonly leases: Leases;
      readonly state: (vehicle: string) => VehicleState | undefined;
    },
  ) {
    this.#options = options;
    this.#pool = deps.pool;
    this.#clock = deps.clock;
    this.#leases = deps.leases;
    this.#state = deps.state;
  }

  look(vehicle: string): void {
    this.#due.add(vehicle);
  }

  /** The vehicle is about to be there, says somebody: for a while that domain comes before its neighbours. */
  foresee(vehicle: string, next: NextDomain, by: Foreseer = 'told', forMs = FORESEEN_MS): void {
    const news = this.#foresight.foresee(vehicle, next, this.#clock.monotonicMs() + forMs, by);
    if (news) this.#due.add(vehicle);
  }

  /** It was heard how the vehicle moves. */
  follow(vehicle: string, forMs: number): void {
    const nowMs = this.#clock.monotonicMs();
    if (this.#foresight.follow(vehicle, nowMs + forMs, nowMs)) this.#due.add(vehicle);
  }

  /** Domain → vehicles at rest that are foreseen to enter it, and hold no slot there yet. */
  expected(): Map<string, number> {
    const counts = new Map<string, number>();
    const nowMs = this.#clock.monotonicMs();
    for (const vehicle of this.#foresight.vehicles()) {
      const state = this.#state(vehicle);
      if (state === undefined || !this.#rests(state)) continue;
      const mine = new Set(this.#leases.of(vehicle).map(({ row }) => row.domain));
      for (const { domain } of this.#foresight.of(vehicle, nowMs))
        if (domain !== state.twin.host.domain && !mine.has(domain)) counts.set(domain, (counts.get(domain) ?? 0) + 1);
    }
    return counts;
  }

  refused(vehicle: string): void {
    const untilMs = this.#clock.monotonicMs() + REFUSED_MS;
    this.#refusedUntil.set(vehicle, untilMs);
    this.#later.set(vehicle, untilMs);
    this.#due.add(vehicle);
  }

  mayHave(vehicle: string): { readonly slots: boolean; readonly tickets: boolean } {
    const { topology, ticketsPerDomain } = this.#options;
    const state = this.#state(vehicle);
    const slots = topology !== undefined && state !== undefined && this.#rests(state);
    return { slots, tickets: slots && ticketsPerDomain > 0 };
  }

  /** The plan for whoever is due now, with those who it is for; `undefined` where nothing is to be planned. */
  plan(): { readonly plan: Plan; readonly vehicles: readonly string[] } | undefined {
    const nowMs = this.#clock.monotonicMs();
    for (const [vehicle, atMs] of this.#later) if (atMs <= nowMs && this.#later.delete(vehicle)) this.#due.add(vehicle);
    if (nowMs >= this.#nextUnservedMs) {
      this.#nextUnservedMs = nowMs + UNSERVED.everyMs;
      for (const vehicle of [...this.#unserved].slice(0, UNSERVED.atOnce)) this.#due.add(vehicle);
    } else if (this.#due.size === 0) return undefined;
    const vehicles = [...this.#due];
    this.#due.clear();
    const wants = vehicles.map(vehicle => ({ vehicle, next: this.#next(vehicle) }));
    const { topology } = this.#options;
    const limits = topology === undefined ? NOTHING : this.#options;
    const leaving = this.#leases.leaving().map(keptOf);
    const plan = planStandby(wants, this.#leases.kept().map(keptOf), this.#rooms(), limits, leaving);
    for (const vehicle of vehicles) this.#unserved.delete(vehicle);
    for (const vehicle of plan.unserved) this.#unserved.add(vehicle);
    return { plan, vehicles };
  }

  #next(vehicle: string): NextDomain[] {
    const { topology } = this.#options;
    const state = this.#state(vehicle);
    if (topology === undefined || state?.attachment === undefined || !this.#rests(state)) return [];
    const nowMs = this.#clock.monotonicMs();
    const foreseen = this.#foresight.of(vehicle, nowMs);
    const followedUntilMs =
      this.#options.by === 'prediction' ? this.#foresight.followedUntil(vehicle, nowMs) : undefined;
    const ends = [...foreseen.map(({ untilMs }) => untilMs), followedUntilMs ?? Infinity];
    const firstMs = Math.min(...ends, this.#later.get(vehicle) ?? Infinity);
    if (firstMs < Infinity) this.#later.set(vehicle, firstMs);
    const neighbours = followedUntilMs === undefined ? nextDomains(topology, state.attachment) : [];
    const others = neighbours.filter(({ domain }) => !foreseen.some(next => next.domain === domain));
    return [...foreseen, ...others].filter(({ domain }) => domain !== state.twin.host.domain);
  }

  #rests(state: VehicleState): boolean {
    const { vehicle } = state;
    const nowMs = this.#clock.monotonicMs();
    const refusedUntilMs = this.#refusedUntil.get(vehicle) ?? 0;
    if (refusedUntilMs > nowMs) return false;
    this.#refusedUntil.delete(vehicle);
    const stampMs = this.#clock.stampMs();
    const rest = restOf(state, stampMs, this.#options.dwellMs);
    if (rest.is === 'soon') this.#later.set(vehicle, nowMs + rest.atMs - stampMs);
    return rest.is === 'resting';
  }

  #rooms(): Map<string, Room> {
    const least = (reserve: number): number => Math.max(reserve, this.#options.reserve);
    return new Map(
      [...this.#pool.rooms()].map(([domain, { ready, reserve }]) => [domain, { ready, reserve: least(reserve) }]),
    );
  }
}
