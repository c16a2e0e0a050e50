import { every } from '../../common/clock.js';
import type { HostRef } from '../../protocol/api/common.js';
import type { ReservationList } from '../../protocol/api/pools.js';
import type { HostHealth } from '../../protocol/api/vmd.js';
import type { ControlStore, StandbyRow } from '../../store/types.js';
import type { Redirected, VehicleState } from '../handover/state.js';
import { namedHosts } from '../handover/work.js';
import { COMMAND_TIMEOUT_MS, type SdnClient } from '../peers.js';
import { ticketHolder } from '../pool/pool-state.js';
import { isKept, type Lease } from './lease.js';
import { Leases } from './leases.js';
import type { Foreseer } from './foresight.js';
import type { NextDomain } from './neighbours.js';
import { Offers } from './offers.js';
import { Planner, type PlannerOptions } from './planner.js';
import { StandbyRecords } from './records.js';
import { reservationsOf, setStandbyGauges } from './reservations.js';
import { Rounds } from './rounds.js';
import { StandbySlots, type SlotDeps } from './slots.js';

export interface StandbyOptions extends PlannerOptions {
  /** How long sdn-app may use a slot without a renewal. */
  readonly leaseMs: number;
}

export interface StandbyDeps extends Omit<SlotDeps, 'leases' | 'records' | 'recordMs' | 'changed'> {
  readonly store: Pick<ControlStore, 'writeStandbys'>;
  readonly sdn: Pick<SdnClient, 'arm' | 'giveTickets'>;
}

/** What sdn-app says of a slot that it has used; without a lease where it found the flow and has forgotten the rest. */
export interface UsedSlot {
  readonly host: HostRef;
  readonly lease?: string;
  readonly way?: 'armed' | 'ticket';
}

type Taken = Pick<Redirected, 'way' | 'held' | 'health' | 'standby'>;

const TICK_MS = 100;
/** How often the pools are told how many slots are foreseen to be needed. */
const EXPECT_MS = 500;
/**
 * Vehicles that sdn-app is told of at once. Each waits for a commit, where a row is written, and for an answer; what the
 * leases of thousands of vehicles need in a third of their time goes through, and is nowhere in the way of hand-overs.
 */
const TOLD_AT_ONCE = 16;
/** The round of tickets among those of vehicles, which have no such name. */
const TICKETS = ' tickets';

/** Keeps standby slots (DESIGN §6): for each vehicle at rest by the plan, and tickets; hands them over when they were used. */
export class Standby implements AsyncDisposable {
  readonly #deps: StandbyDeps;
  readonly #leases = new Leases();
  readonly #records: StandbyRecords;
  readonly #slots: StandbySlots;
  readonly #planner: Planner;
  readonly #offers: Offers;
  readonly #rounds: Rounds;
  readonly #domains = new Set<string>();
  #stop = (): void => undefined;

  constructor(options: StandbyOptions, deps: StandbyDeps) {
    this.#deps = deps;
    const { leaseMs } = options;
    const recordMs = 3 * leaseMs + 4 * COMMAND_TIMEOUT_MS;
    const leases = this.#leases;
    const records = (this.#records = new StandbyRecords(deps));
    const planner = (this.#planner = new Planner(options, { ...deps, leases }));
    const changed = (vehicle: string | undefined): void => this.#changed(vehicle);
    const slots = (this.#slots = new StandbySlots({ ...deps, leases, records, recordMs, changed }));
    const offers = (this.#offers = new Offers({
      ...{ ...deps, leases, records, recordMs, leaseMs, slots },
      mayHave: vehicle => planner.mayHave(vehicle),
      refused: vehicle => planner.refused(vehicle),
    }));
    const tell = (key: string): Promise<number | undefined> =>
      key === TICKETS ? offers.tellTickets() : offers.tellVehicle(key);
    this.#rounds = new Rounds(deps.timers, tell, TOLD_AT_ONCE);
  }

  /** Leases of an earlier manager: their slots are held again before anything is given away. */
  load(
    rows: readonly StandbyRow[],
    healths: ReadonlyMap<string, HostHealth>,
    states: readonly VehicleState[],
    placeOf: (host: string) => HostRef,
  ): void {
    const { pool, clock } = this.#deps;
    for (const row of rows) {
      const { lease, vehicle, host } = row;
      const user = states.find(state => uses(state, row));
      if (user !== undefined && user.twin.host.host === host) {
        this.#records.end(lease);
        continue;
      }
      const slot = healths.get(host)?.slots.find(one => one.vehicle === vehicle && one.handover === lease);
      // A ticket whose use was claimed may have left its row behind: its slot is the twin's by now.
      const lost = pool.link(host) === undefined || (user === undefined && !pool.hasRoom(host));
      const ready = vehicle === undefined || slot !== undefined;
      const stage = user !== undefined ? 'used' : lost ? 'withdrawn' : ready ? 'offered' : 'preparing';
      const usableUntilMs = clock.monotonicMs() + Math.max(0, row.untilMs - clock.nowMs());
      const epoch = slot?.highestEpoch ?? states.find(state => state.vehicle === vehicle)?.highestEpoch ?? 0;
      const whose = user === undefined ? row : { ...row, vehicle: user.vehicle };
      const why = lost ? 'lost' : 'withdrawn';
      this.#leases.put({ row: whose, host: placeOf(host), epoch, stage, lost, usableUntilMs, why });
      if (user === undefined && !lost) pool.mark(host, vehicle ?? ticketHolder(lease), 'reserved', lease);
      if (stage === 'preparing') void this.#slots.prepare(lease);
      this.#changed(vehicle);
    }
  }

  start(): void {
    const { timers, pool } = this.#deps;
    const stops = [
      every(timers, TICK_MS, () => this.#tick()),
      every(timers, EXPECT_MS, () => pool.expect(this.#planner.expected())),
    ];
    this.#stop = () => stops.forEach(stop => stop());
  }

  /** The state of a vehicle changed. */
  onChange(state: VehicleState): void {
    const { vehicle, twin } = state;
    for (const { stage, row, host } of this.#leases.of(vehicle)) {
      if (stage !== 'used') continue;
      if (twin.host.host !== host.host && namedHosts(state).includes(host.host)) continue;
      // Claimed, or let go: from here on the owner row or the hand-over's own row tells of it.
      this.#leases.delete(row.lease);
      this.#records.end(row.lease);
    }
    this.#planner.look(vehicle);
  }

  /** The vehicle is said to be about to enter that domain; it is armed there, where there is room. */
  foresee(vehicle: string, next: NextDomain, by?: Foreseer, forMs?: number): void {
    this.#planner.foresee(vehicle, next, by, forMs);
  }

  /** It was heard how the vehicle moves: for so long no slots are kept where it is not foreseen to go (`by: prediction`). */
  follow(vehicle: string, forMs: number): void {
    this.#planner.follow(vehicle, forMs);
  }

  /** A host is to be empty soon: slots that are kept there are given back, and kept elsewhere. */
  leave(host: string): void {
    for (const { host: at, row } of this.#leases.kept()) if (at.host === host) this.#withdraw(row.lease);
  }

  /** A host is out of reach, and with it the slots there. */
  hostLost(host: string): void {
    for (const lease of [...this.#leases.all()]) {
      if (lease.host.host !== host || lease.lost || lease.stage === 'used') continue;
      const { lease: id, vehicle } = lease.row;
      this.#leases.change(id, { lost: true, ...(isKept(lease) ? { stage: 'withdrawn', why: 'lost' } : {}) });
      this.#changed(vehicle);
    }
  }

  /** Whether a lease keeps a slot of this host for this holder, a vehicle or a ticket's. */
  claims(holder: string, host: string): boolean {
    return this.#at(holder, host).length > 0;
  }

  /** The host does not know of it any more. False where no lease keeps a slot there. */
  giveBack(holder: string, host: string): boolean {
    const leases = this.#at(holder, host);
    for (const { row } of leases) this.#withdraw(row.lease);
    return leases.length > 0;
  }

  #at(holder: string, host: string): Lease[] {
    const mine = [...this.#leases.of(holder), ...this.#leases.of(undefined)];
    return mine.filter(({ row, host: at }) => at.host === host && (row.vehicle ?? ticketHolder(row.lease)) === holder);
  }

  /** Another sdn-app is the active one: it is told everything. */
  tellAll(): void {
    this.#offers.forget();
    this.#rounds.wakeAll();
  }

  /**
   * sdn-app has sent the flow of a vehicle to this slot. It becomes the hand-over's, except where it was given back, its
   * host is lost, or the vehicle has another slot there.
   */
  take(vehicle: string, handover: string, at: UsedSlot): Taken {
    const { pool, metrics, log } = this.#deps;
    const { host } = at.host;
    this.#offers.ended(vehicle);
    const reachable = pool.link(host) !== undefined;
    const health: Redirected['health'] = { is: reachable ? 'alive' : 'dead' };
    const lease = this.#usedBy(vehicle, at);
    if (lease === undefined) {
      log.warn({ event: 'manager.standby.unknown', lease: at.lease, vehicle, host });
      return { way: at.way ?? 'armed', held: false, health };
    }
    const { way, lease: id, reason } = lease.row;
    const taken = { way: at.way ?? way, health, standby: { lease: id, reason } };
    // A ticket of a host where the vehicle has a slot of its own: that one serves.
    if (at.lease !== undefined && at.lease !== id) this.#withdraw(at.lease);
    const state = this.#deps.state(vehicle);
    const isBusy = ({ stage, host: other }: Lease): boolean => stage === 'freeing' && other.host === host;
    const another = this.#leases.of(vehicle).some(isBusy) || (state !== undefined && namedHosts(state).includes(host));
    if (!reachable || another) {
      this.#withdraw(id);
      return { ...taken, held: false };
    }
    if (way === 'ticket') {
      pool.passOn(host, ticketHolder(id), vehicle, handover);
      this.#changed(undefined);
    }
    this.#leases.change(id, { stage: 'used', row: { ...lease.row, vehicle } });
    metrics.count('standby_ended_total', { way, as: 'used' });
    pool.used(host, way);
    return { ...taken, held: true };
  }

  view(): ReservationList {
    return reservationsOf(this.#leases.kept());
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#stop();
    this.#rounds.close();
    return Promise.resolve();
  }

  #withdraw(id: string): void {
    const lease = this.#leases.get(id);
    if (lease === undefined || !isKept(lease)) return;
    this.#leases.change(id, { stage: 'withdrawn' });
    this.#changed(lease.row.vehicle);
  }

  /** Its own slot at that host, else the one of the lease that is named, else a ticket's there. */
  #usedBy(vehicle: string, at: UsedSlot): Lease | undefined {
    const usable = ({ stage, host, row }: Lease): boolean =>
      host.host === at.host.host && stage !== 'used' && stage !== 'freeing' && (row.vehicle ?? vehicle) === vehicle;
    const named = at.lease === undefined ? undefined : this.#leases.get(at.lease);
    const mine = this.#leases.of(vehicle);
    return [...mine, ...(named === undefined ? [] : [named]), ...this.#leases.of(undefined)].find(usable);
  }

  #changed(vehicle: string | undefined): void {
    this.#rounds.wake(vehicle ?? TICKETS);
    if (vehicle !== undefined) this.#planner.look(vehicle);
  }

  #tick(): void {
    const found = this.#planner.plan();
    if (found === undefined) return;
    const { plan, vehicles } = found;
    for (const id of plan.withdraw) this.#leases.change(id, { stage: 'withdrawn' });
    const tickets = plan.withdraw.some(id => this.#leases.get(id)?.row.vehicle === undefined);
    const others = plan.withdraw.flatMap(id => this.#leases.get(id)?.row.vehicle ?? []);
    for (const taking of plan.take) this.#slots.take(taking);
    // Who is given a slot is told of it with whatever else there is, once it is ready.
    const later = new Set(plan.take.map(({ vehicle }) => vehicle));
    for (const vehicle of new Set([...vehicles, ...others])) if (!later.has(vehicle)) this.#rounds.wake(vehicle);
    if (tickets) this.#rounds.wake(TICKETS);
    setStandbyGauges(this.#deps.metrics, this.#leases.kept(), this.#domains);
  }
}

/** Whether this vehicle's hand-over has used the slot, or its twin is there. */
function uses(state: VehicleState, { lease, vehicle, host }: StandbyRow): boolean {
  if (state.run?.record.standby?.lease === lease) return namedHosts(state).includes(host);
  return state.vehicle === vehicle && namedHosts(state).includes(host);
}
