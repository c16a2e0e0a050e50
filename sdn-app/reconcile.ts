import { fault } from '../protocol/errors.js';
import { hostPortOf, type Topology } from '../protocol/topology.js';
import { placeOf, samePlace } from './attachment/machine.js';
import { BASE_METERS, baseFlows } from './redirect/base.js';
import { baseSlice, blockSlice, decodeCookie, epochNear, vehicleSlice } from './redirect/cookie.js';
import { difference } from './redirect/difference.js';
import { vehicleMeter } from './redirect/network.js';
import { recoverView } from './redirect/vehicle.js';
import type { FlowRunner } from './flow-runner.js';
import type { VehicleList } from './manager-link.js';
import type { Batch, Flow, FlowStats, FlowSwitch } from './switch/flow-switch.js';
import { hostEnd, pointTo, sameEnd, type Vehicle, type Vehicles } from './vehicles.js';

/** Vehicle numbers per slice that is read, and vehicles per bundle that is written. */
const BLOCK = 1_024;
const BUNDLE = 64;

export interface Reconciling {
  readonly flowSwitch: FlowSwitch;
  readonly runner: FlowRunner;
  readonly vehicles: Vehicles;
  readonly topology: Topology;
  readonly firstNumber: number;
}

export function wantedBase({ runner, topology }: Pick<Reconciling, 'runner' | 'topology'>): Flow[] {
  const { network } = runner;
  const found = topology.switches.find(({ datapath }) => datapath === network.datapath);
  if (found === undefined) throw fault('TOPOLOGY_INVALID', `no switch has datapath ${network.datapath}`);
  return baseFlows(network, found.ports, topology.domains);
}

/** Makes the flows that are no vehicle's what they should be. */
export async function reconcileBase(deps: Reconciling): Promise<void> {
  const found = await deps.flowSwitch.readFlows(baseSlice);
  await deps.runner.apply({ meters: BASE_METERS, flows: difference(found, wantedBase(deps)) });
}

/**
 * All vehicles' flows on the switch, by number. Read in slices from the first number on: numbers are given out in order,
 * so the first empty slice beyond the known ones is the end.
 */
export async function readVehicles(deps: Reconciling): Promise<Map<number, FlowStats[]>> {
  const found = new Map<number, FlowStats[]>();
  const known = Math.max(deps.firstNumber, ...[...deps.vehicles.all()].map(({ number }) => number));
  for (let first = deps.firstNumber - (deps.firstNumber % BLOCK); first < 2 ** 20; first += BLOCK) {
    const rows = await deps.flowSwitch.readFlows(blockSlice(first, BLOCK));
    let ours = 0;
    for (const stats of rows) {
      const cookie = decodeCookie(stats.cookie);
      if (cookie === undefined || cookie.kind === 'base') continue;
      const list = found.get(cookie.number) ?? [];
      found.set(cookie.number, list);
      list.push(stats);
      ours++;
    }
    if (ours === 0 && first + BLOCK > known) break;
  }
  return found;
}

/** Learns from the switch's flows the vehicles that are not remembered. */
export function learnFromSwitch(deps: Reconciling, found: ReadonlyMap<number, readonly FlowStats[]>): Vehicle[] {
  const learnt: Vehicle[] = [];
  for (const [number, flows] of found) {
    if (deps.vehicles.numbered(number) !== undefined) continue;
    const view = recoverView(number, flows);
    if (view === undefined) continue;
    const vehicle = deps.vehicles.add(number, view.host, view.epoch);
    vehicle.leaving = view.leaving;
    if (view.place !== undefined) vehicle.state = { at: 'attached', here: view.place, sinceMs: 0, doubts: [] };
    learnt.push(vehicle);
  }
  return learnt;
}

export interface Learnt {
  readonly vehicle: Vehicle;
  /** It was known from the switch alone, whose place is not the one that the manager was told of last. */
  readonly untold: boolean;
}

/**
 * Takes what the manager knows; the higher epoch decides where they differ. Gives the vehicles that may need other flows.
 * Records that this switch cannot serve, or that contradict what was ordered since, are left out.
 */
export function learnFromManager(deps: Reconciling, { vehicles: records }: VehicleList): Learnt[] {
  const { topology, vehicles, runner } = deps;
  const { datapath } = runner.network;
  const changed: Learnt[] = [];
  for (const record of records) {
    const { host: ref, hostEpoch, attachment } = record;
    if (ref === undefined || hostEpoch === undefined) continue;
    if (hostPortOf(topology, datapath, ref.domain) === undefined) continue;
    const host = hostEnd(topology, datapath, ref);
    const known = vehicles.numbered(record.number);
    if (known?.id !== undefined && known.id !== record.vehicle) continue;
    const recovered = known !== undefined && known.id === undefined;
    const vehicle = known ?? vehicles.add(record.number, host, hostEpoch);
    if (vehicle.id === undefined) {
      // known from the switch alone, so its epochs are 24 bits wide
      vehicle.epoch = epochNear(vehicle.epoch, record.highestEpoch);
      vehicle.highestEpoch = Math.max(vehicle.epoch, record.highestEpoch);
      vehicle.leaving = vehicle.leaving.map(old => ({ ...old, epoch: epochNear(old.epoch, record.highestEpoch) }));
    }
    vehicles.name(vehicle, record.vehicle);
    vehicle.highestEpoch = Math.max(vehicle.highestEpoch, record.highestEpoch);
    if (hostEpoch > vehicle.epoch) pointTo(vehicle, host, ref, hostEpoch);
    else if (hostEpoch === vehicle.epoch || sameEnd(host, vehicle.host)) vehicle.ref = ref;
    const settled =
      record.handover === undefined && hostEpoch === vehicle.epoch && record.highestEpoch === vehicle.highestEpoch;
    if (settled) vehicle.leaving = [];
    if (vehicle.state.at === 'waiting' && attachment !== undefined && attachment.datapath === datapath)
      vehicle.state = {
        at: 'attached',
        here: { port: attachment.port, source: attachment.source },
        sinceMs: 0,
        doubts: vehicle.state.doubts,
      };
    const place = placeOf(vehicle.state);
    const told = attachment !== undefined && place !== undefined && samePlace(place, attachment);
    changed.push({ vehicle, untold: recovered && place !== undefined && !told });
  }
  return changed;
}

/** Corrects the flows of all vehicles that were found or are remembered; `corrected` hears of each once it is confirmed. */
export async function reconcileVehicles(
  deps: Reconciling,
  found: ReadonlyMap<number, readonly FlowStats[]>,
  corrected: (vehicle: Vehicle) => void,
): Promise<void> {
  const rows = [...deps.vehicles.all()].map(vehicle => [vehicle, found.get(vehicle.number) ?? []] as const);
  for (let i = 0; i < rows.length; i += BUNDLE) {
    const some = rows.slice(i, i + BUNDLE);
    const before = some.map(([vehicle]) => vehicle.state);
    await deps.runner.correct(some);
    some.forEach(([vehicle], at) => {
      if (vehicle.state === before[at]) corrected(vehicle);
    });
  }
}

/** Removes what the manager does not know: vehicles that were on the switch before it was asked. */
export async function removeForeign(deps: Reconciling, numbers: Iterable<number>, list: VehicleList): Promise<number> {
  const known = new Set(list.vehicles.map(({ number }) => number));
  const foreign = [...numbers].filter(number => !known.has(number) && deps.vehicles.numbered(number)?.id === undefined);
  const batch: Batch = {
    meters: foreign.map(number => ({ op: 'delete', meter: vehicleMeter(number) })),
    flows: foreign.map(number => ({ op: 'deleteSlice', ...vehicleSlice(number) })),
  };
  if (foreign.length > 0) await deps.runner.apply(batch);
  for (const number of foreign) {
    const vehicle = deps.vehicles.numbered(number);
    if (vehicle !== undefined) deps.vehicles.remove(vehicle);
  }
  return foreign.length;
}
