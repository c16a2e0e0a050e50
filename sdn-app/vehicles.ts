import type { HostRef } from '../protocol/api/common.js';
import { fault } from '../protocol/errors.js';
import type { Topology } from '../protocol/topology.js';
import { alsoOf, armedOf, doubtedOf, leftOf, placeOf, returnsOf, WAITING, type State } from './attachment/state.js';
import type { HostEnd, VehicleView } from './redirect/view.js';

/** What the app remembers of a vehicle; all of it can be had again from the switches and the manager. */
export interface Vehicle {
  readonly number: number;
  /** Absent after a restart until the manager has told it: switches know numbers only. */
  id?: string;
  host: HostEnd;
  ref?: HostRef;
  epoch: number;
  leaving: readonly Leaving[];
  highestEpoch: number;
  /** Changed by {@link Vehicles.change} alone. */
  state: State;
  /** What each switch holds once everything sent is applied, by datapath; absent where that is not known. */
  readonly sent: Map<number, VehicleView | 'nothing'>;
  /** Armed routes found on a switch whose leases the manager has not told (yet): they are kept as they are. */
  found: readonly FoundRoute[];
  /** The redirect that the vehicle made by itself to `host`, as its report tells it. */
  redirected?: OwnRedirect;
}

export interface FoundRoute {
  readonly domain: string;
  readonly host: HostEnd;
}

export interface OwnRedirect {
  readonly way: 'armed' | 'ticket';
  readonly lease: string;
  readonly host: HostRef;
  readonly epoch: number;
}

export interface Leaving {
  readonly host: HostEnd;
  readonly epoch: number;
  readonly name?: string;
}

type End = Pick<HostEnd, 'address' | 'port'>;
export const sameEnd = (a: End, b: End): boolean => a.address === b.address && a.port === b.port;

/** A host as flows reach it. FLOW_INVALID where no switch has a port that leads to its domain. */
export function hostEnd(topology: Topology, ref: HostRef): HostEnd {
  const { address, address6, port, domain } = ref;
  if (!reaches(topology, domain)) throw fault('FLOW_INVALID', `no switch has a port for hosts of ${domain}`);
  return { address, port, domain, ...(address6 === undefined ? {} : { address6 }) };
}

export const reaches = (topology: Topology, domain: string): boolean =>
  topology.switches.some(({ ports }) => ports.some(port => port.role === 'host' && port.domain === domain));

/** Everything that decides what flows a vehicle has. */
export function viewOf({ number, host, epoch, leaving, state, found }: Vehicle): VehicleView {
  const place = placeOf(state);
  const also = alsoOf(state);
  const left = leftOf(state);
  const slots = armedOf(state);
  const doubted = doubtedOf(state).map(({ datapath, port }) => ({ datapath, port }));
  return {
    number,
    host,
    epoch,
    leaving,
    returns: returnsOf(state),
    armed: [
      ...slots.map(({ domain, host: ref, lease }) => ({ domain, host: endOf(ref), lease })),
      ...found.filter(({ domain }) => slots.every(slot => slot.domain !== domain)),
    ],
    ...(left.length === 0 ? {} : { left }),
    ...(doubted.length === 0 ? {} : { doubted }),
    ...(place === undefined ? {} : { place }),
    ...(also === undefined ? {} : { also }),
  };
}

/** Both made by {@link viewOf}, so their parts are in the same order. */
export const isSameView = (a: VehicleView, b: VehicleView): boolean => JSON.stringify(a) === JSON.stringify(b);

const endOf = ({ address, address6, port, domain }: HostRef): HostEnd => ({
  address,
  port,
  domain,
  ...(address6 === undefined ? {} : { address6 }),
});

/** Makes `host` the vehicle's host; the one before keeps its way out until it is retired. */
export function pointTo(vehicle: Vehicle, host: HostEnd, ref: HostRef | undefined, epoch: number): void {
  if (!sameEnd(vehicle.host, host)) {
    const name = vehicle.ref?.host;
    const last: Leaving = { host: vehicle.host, epoch: vehicle.epoch, ...(name === undefined ? {} : { name }) };
    vehicle.leaving = [...vehicle.leaving.filter(old => !sameEnd(old.host, last.host)), last];
  }
  vehicle.leaving = vehicle.leaving.filter(old => !sameEnd(old.host, host)).slice(-LEAVING_MAX);
  vehicle.host = host;
  vehicle.epoch = epoch;
  vehicle.highestEpoch = Math.max(vehicle.highestEpoch, epoch);
  if (ref === undefined) delete vehicle.ref;
  else vehicle.ref = ref;
}

/** More hosts than these are never in their drain at once; the oldest way out goes first. */
const LEAVING_MAX = 8;

/** All vehicles by number and by id. */
export class Vehicles {
  readonly #byNumber = new Map<number, Vehicle>();
  readonly #byId = new Map<string, Vehicle>();
  readonly #states: Record<State['at'], number> = { waiting: 0, attached: 0, moving: 0, 'dual-homed': 0 };
  #highest = -1;

  get size(): number {
    return this.#byNumber.size;
  }

  /** The highest number that was ever added; -1 before. */
  get highestNumber(): number {
    return this.#highest;
  }

  /** How many are in each state. */
  get states(): Readonly<Record<State['at'], number>> {
    return this.#states;
  }

  /** Gives a vehicle its next state. */
  change(vehicle: Vehicle, state: State): void {
    this.#states[vehicle.state.at]--;
    this.#states[state.at]++;
    vehicle.state = state;
  }

  all(): Iterable<Vehicle> {
    return this.#byNumber.values();
  }

  /** Those of `size` numbers from `first` on. */
  within(first: number, size: number): Vehicle[] {
    const found: Vehicle[] = [];
    for (let number = first; number < first + size; number++) {
      const vehicle = this.#byNumber.get(number);
      if (vehicle !== undefined) found.push(vehicle);
    }
    return found;
  }

  /** Those above a number, in the order of numbers, at most so many. */
  *above(after: number, most: number): Generator<Vehicle, void> {
    let left = most;
    for (let number = after + 1; number <= this.#highest && left > 0; number++) {
      const vehicle = this.#byNumber.get(number);
      if (vehicle === undefined) continue;
      left--;
      yield vehicle;
    }
  }

  numbered(number: number): Vehicle | undefined {
    return this.#byNumber.get(number);
  }

  /** VEHICLE_UNKNOWN where no vehicle has this id. */
  named(id: string): Vehicle {
    const found = this.#byId.get(id);
    if (found === undefined) throw fault('VEHICLE_UNKNOWN', id);
    return found;
  }

  add(number: number, host: HostEnd, epoch: number): Vehicle {
    const vehicle: Vehicle = {
      number,
      host,
      epoch,
      leaving: [],
      highestEpoch: epoch,
      state: WAITING,
      sent: new Map(),
      found: [],
    };
    this.#byNumber.set(number, vehicle);
    this.#states.waiting++;
    this.#highest = Math.max(this.#highest, number);
    return vehicle;
  }

  /** Gives a vehicle its id. REQUEST_INVALID where the id has another number. */
  name(vehicle: Vehicle, id: string): void {
    const other = this.#byId.get(id);
    if ((other !== undefined && other !== vehicle) || (vehicle.id !== undefined && vehicle.id !== id))
      throw fault('REQUEST_INVALID', `${id} is not vehicle number ${vehicle.number}`);
    vehicle.id = id;
    this.#byId.set(id, vehicle);
  }

  remove(vehicle: Vehicle): void {
    if (!this.#byNumber.delete(vehicle.number)) return;
    this.#states[vehicle.state.at]--;
    if (vehicle.id !== undefined) this.#byId.delete(vehicle.id);
  }
}
