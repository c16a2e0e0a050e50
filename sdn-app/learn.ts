import type { VehicleRecord } from '../protocol/api/md-manager.js';
import type { Topology } from '../protocol/topology.js';
import { attachedAt, placeOf, samePlace } from './attachment/state.js';
import { located, locatedAt } from './attachments.js';
import { EPOCH_SPAN, epochNear } from './redirect/cookie.js';
import type { VehicleView } from './redirect/view.js';
import { hostEnd, pointTo, reaches, sameEnd, type Vehicle, type Vehicles } from './vehicles.js';

export interface Learning {
  readonly topology: Topology;
  readonly vehicles: Vehicles;
  readonly nowMs: number;
}

/**
 * Takes what one switch tells of a vehicle. Of one that the manager or an earlier command has named, the app's memory is
 * newer. Where two switches differ, a change was under way: the one with the higher epoch has it already.
 */
export function learnFromSwitch({ topology, vehicles, nowMs }: Learning, view: VehicleView): Vehicle {
  const known = vehicles.numbered(view.number);
  if (known?.id !== undefined) return known;
  const vehicle = known ?? vehicles.add(view.number, view.host, view.epoch);
  if (known !== undefined && isLater(view.epoch, known.epoch)) {
    vehicle.host = view.host;
    vehicle.epoch = view.epoch;
  }
  const ends = [...vehicle.leaving, ...view.leaving].filter(({ host }) => !sameEnd(host, vehicle.host));
  vehicle.leaving = ends.filter(({ host }, at) => ends.findIndex(other => sameEnd(other.host, host)) === at);
  vehicle.found = [
    ...vehicle.found,
    ...view.armed
      .filter(({ domain }) => vehicle.found.every(route => route.domain !== domain))
      .map(({ domain, host }) => ({ domain, host })),
  ];
  if (view.place !== undefined && vehicle.state.at === 'waiting')
    vehicles.change(vehicle, attachedAt(located(topology, view.place), nowMs, vehicle.state.doubts));
  return vehicle;
}

/** Whether an epoch of 24 bits comes after another, across the turn. */
const isLater = (a: number, b: number): boolean => {
  const ahead = (a - b + EPOCH_SPAN) % EPOCH_SPAN;
  return ahead > 0 && ahead < EPOCH_SPAN / 2;
};

export interface Learnt {
  readonly vehicle: Vehicle;
  readonly record: VehicleRecord;
  /** It was known from the switches alone. */
  readonly recovered: boolean;
  /** It was not known at all. */
  readonly added: boolean;
  /** It was, and its place is not the one that the manager was told of last. */
  readonly untold: boolean;
}

/**
 * Takes what the manager knows; the higher epoch decides where they differ. Gives the vehicles that may need other flows.
 * Records that no switch can serve, or that contradict what was ordered since, are left out.
 */
export function learnFromManager(learning: Learning, records: readonly VehicleRecord[]): Learnt[] {
  return records.flatMap(record => learnRecord(learning, record) ?? []);
}

function learnRecord({ topology, vehicles, nowMs }: Learning, record: VehicleRecord): Learnt | undefined {
  const { host: ref, hostEpoch, attachment } = record;
  if (ref === undefined || hostEpoch === undefined || !reaches(topology, ref.domain)) return undefined;
  const host = hostEnd(topology, ref);
  const known = vehicles.numbered(record.number);
  if (known?.id !== undefined && known.id !== record.vehicle) return undefined;
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
  else if (sameEnd(host, vehicle.host)) vehicle.ref = ref;
  const settled =
    record.handover === undefined && hostEpoch === vehicle.epoch && record.highestEpoch === vehicle.highestEpoch;
  if (settled) vehicle.leaving = [];
  const there = attachment === undefined ? undefined : locatedAt(topology, attachment);
  if (vehicle.state.at === 'waiting' && there !== undefined)
    vehicles.change(vehicle, attachedAt(there, nowMs, vehicle.state.doubts));
  const place = placeOf(vehicle.state);
  const told = there !== undefined && place !== undefined && samePlace(place, there.place);
  return { vehicle, record, recovered, added: known === undefined, untold: recovered && place !== undefined && !told };
}
