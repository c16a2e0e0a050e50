import type { HostRef } from '../protocol/api/common.js';
import type { VehicleFlows } from '../protocol/api/sdn-app.js';
import { fault } from '../protocol/errors.js';
import type { Topology } from '../protocol/topology.js';
import { hostPortOf } from '../protocol/topology.js';
import { placeOf, returnsOf, WAITING, type State } from './attachment/machine.js';
import { attachmentOf } from './attachments.js';
import type { Network } from './redirect/network.js';
import type { HostEnd, VehicleView } from './redirect/vehicle.js';
import type { Flow } from './switch/flow-switch.js';

/** What the app remembers of a vehicle; all of it can be had again from the switch and the manager. */
export interface Vehicle {
  readonly number: number;
  /** Absent after a restart until the manager has told it: the switch knows numbers only. */
  id?: string;
  host: HostEnd;
  ref?: HostRef;
  epoch: number;
  leaving: readonly Leaving[];
  highestEpoch: number;
  state: State;
  /** What the switch holds once everything sent is applied; absent where that is not known. */
  sent?: readonly Flow[];
}

export interface Leaving {
  readonly host: Pick<HostEnd, 'address' | 'port'>;
  readonly epoch: number;
  readonly name?: string;
}

export const sameEnd = (a: Pick<HostEnd, 'address' | 'port'>, b: Pick<HostEnd, 'address' | 'port'>): boolean =>
  a.address === b.address && a.port === b.port;

/** Where a host is reached from this switch. FLOW_INVALID where no port leads to its domain. */
export function hostEnd(topology: Topology, datapath: number, { address, port, domain }: HostRef): HostEnd {
  const outPort = hostPortOf(topology, datapath, domain);
  if (outPort === undefined) throw fault('FLOW_INVALID', `no port of switch ${datapath} leads to domain ${domain}`);
  return { address, port, outPort };
}

export function viewOf({ number, host, epoch, leaving, state }: Vehicle): VehicleView {
  const place = placeOf(state);
  return { number, host, epoch, leaving, returns: returnsOf(state), ...(place === undefined ? {} : { place }) };
}

/** Makes `host` the vehicle's host; the one before keeps its way out until it is retired. */
export function pointTo(vehicle: Vehicle, host: HostEnd, ref: HostRef | undefined, epoch: number): void {
  if (!sameEnd(vehicle.host, host)) {
    const name = vehicle.ref?.host;
    const { address, port } = vehicle.host;
    const last: Leaving = { host: { address, port }, epoch: vehicle.epoch, ...(name === undefined ? {} : { name }) };
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

  get size(): number {
    return this.#byNumber.size;
  }

  all(): Iterable<Vehicle> {
    return this.#byNumber.values();
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
    const vehicle: Vehicle = { number, host, epoch, leaving: [], highestEpoch: epoch, state: WAITING };
    this.#byNumber.set(number, vehicle);
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
    this.#byNumber.delete(vehicle.number);
    if (vehicle.id !== undefined) this.#byId.delete(vehicle.id);
  }
}

const SHOWN = { waiting: 'waiting', attached: 'attached', moving: 'moving' } as const;

/** A vehicle as the API shows it; `undefined` while its id or its host's name is not known. */
export function describe(vehicle: Vehicle, network: Network, topology: Topology): VehicleFlows | undefined {
  const { id, ref, number, highestEpoch, leaving, state } = vehicle;
  const place = placeOf(state);
  if (id === undefined || ref === undefined) return undefined;
  return {
    vehicle: id,
    number,
    host: ref,
    highestEpoch,
    state: SHOWN[state.at],
    armed: [],
    waysOut: place === undefined ? [] : [...leaving.map(old => old.name ?? old.host.address), ref.host],
    ...(place === undefined ? {} : { attachment: attachmentOf(place, network.datapath, topology) }),
  };
}
