import { placeOf } from './attachment/machine.js';
import { locatedAt } from './attachments.js';
import type { SdnDeps, SdnOptions } from './deps.js';
import type { Follower } from './follower.js';
import type { FlowRunner } from './flow-runner.js';
import { learnFromManager, type Learnt } from './learn.js';
import type { VehicleList } from './manager-link.js';
import { reconcile, reconciling } from './reconcile.js';
import type { Reporter } from './reporter.js';
import { vehicleSlice } from './redirect/cookie.js';
import { vehicleMeter } from './redirect/network.js';
import { NOTHING_RESERVED, askReserved, leasesOf, untoldRedirect, type Reserved } from './standby.js';
import type { Tickets } from './tickets.js';
import type { TimerSet } from './timer-set.js';
import { hostEnd, type OwnRedirect, type Vehicle, type Vehicles } from './vehicles.js';

/** What recovery works with. */
export interface RecoveryParts {
  readonly term: number;
  readonly vehicles: Vehicles;
  readonly runner: FlowRunner;
  readonly follower: Follower;
  readonly reporter: Reporter;
  readonly tickets: Tickets;
  readonly timers: TimerSet;
  /** Term of md-manager, as it says with its vehicles. */
  readonly managerTerm: (term: number) => void;
}

/** Vehicles that are corrected one by one; more of them are read in slices. */
const FEW = 64;

/**
 * What the manager knows is taken and compared with what the switches told: ids, hosts, leases of armed routes. It hears
 * of moves that an app before this one could not tell. `found` are the numbers that were on the switches: those that it
 * does not know are removed. `lacks`: a switch was read and has nothing of a number.
 */
export async function recall(
  options: SdnOptions,
  deps: SdnDeps,
  parts: RecoveryParts,
  found: ReadonlySet<number>,
  lacks: (datapath: number, number: number) => boolean,
): Promise<void> {
  const { topology } = options;
  const { vehicles, follower, timers } = parts;
  const known = new Set<number>();
  const changed: Vehicle[] = [];
  const untold: { readonly learnt: Learnt; readonly own?: OwnRedirect }[] = [];
  const taken = new Set<string>();
  let reserved: Reserved | undefined;
  for await (const page of deps.manager.vehicles()) {
    if (reserved === undefined && needsLeases(vehicles, page)) reserved = await askReserved(deps.manager);
    if (timers.stopped) return;
    parts.managerTerm(page.term);
    for (const { number } of page.vehicles) known.add(number);
    const nowMs = deps.clock.stampMs();
    for (const one of learnFromManager({ topology, vehicles, nowMs }, page.vehicles)) {
      if (one.added)
        for (const { datapath } of deps.switches)
          if (lacks(datapath, one.vehicle.number)) one.vehicle.sent.set(datapath, 'nothing');
      const own = one.recovered ? ownRedirect(one, options, reserved ?? NOTHING_RESERVED, taken) : undefined;
      if (own !== undefined) parts.tickets.take(own.lease);
      if (own !== undefined || one.untold) untold.push({ learnt: one, ...(own === undefined ? {} : { own }) });
      const { slots, untilMs } = leasesOf(one.vehicle, reserved ?? NOTHING_RESERVED);
      one.vehicle.found = [];
      if (slots.length > 0) follower.dispatch(one.vehicle, { type: 'arming', slots, tickets: false, untilMs });
      changed.push(one.vehicle);
    }
  }
  await correctAll(options, deps, parts, changed);
  for (const { learnt: one, own } of untold) tellAgain(one, own, options, deps, parts);
  await removeForeign(deps, parts, found, known);
  follower.countStates();
  parts.reporter.flush();
}

/** Leases are asked for only where something rests on them. */
const needsLeases = (vehicles: Vehicles, page: VehicleList): boolean =>
  page.vehicles.some(record => {
    const vehicle = vehicles.numbered(record.number);
    if (vehicle === undefined) return false;
    return vehicle.found.length > 0 || (vehicle.id === undefined && vehicle.host.address !== record.host?.address);
  });

/**
 * A redirect that an app made before it died. Where no lease stands behind it any more, the vehicle goes back to the host
 * that the manager knows.
 */
function ownRedirect(
  { vehicle, record }: Learnt,
  { topology }: SdnOptions,
  reserved: Reserved,
  taken: Set<string>,
): OwnRedirect | undefined {
  const own = untoldRedirect(vehicle, record, reserved, taken);
  if (own !== undefined) {
    taken.add(own.lease);
    vehicle.redirected = own;
    vehicle.ref = own.host;
    return own;
  }
  if (vehicle.ref === undefined && vehicle.epoch > record.highestEpoch && record.host !== undefined) {
    vehicle.host = hostEnd(topology, record.host);
    vehicle.ref = record.host;
    vehicle.epoch = record.hostEpoch ?? vehicle.epoch;
    vehicle.highestEpoch = Math.max(vehicle.epoch, record.highestEpoch);
    vehicle.leaving = [];
  }
  return undefined;
}

/** The app died between a move and the answer to its report: the manager hears of it now. */
function tellAgain(
  { vehicle, record }: Learnt,
  own: OwnRedirect | undefined,
  { topology }: SdnOptions,
  { clock, newId }: SdnDeps,
  { reporter, follower }: RecoveryParts,
): void {
  const to = placeOf(vehicle.state);
  if (to === undefined || vehicle.state.at !== 'attached' || reporter.has(vehicle.number)) return;
  const from = record.attachment === undefined ? undefined : locatedAt(topology, record.attachment)?.place;
  const atMs = clock.stampMs();
  follower.report(vehicle, {
    handover: newId(),
    ...(from === undefined ? {} : { from }),
    to,
    detectedAtMs: atMs,
    validatedAtMs: atMs,
    ...(own?.way === 'armed' ? {} : { reroutedAtMs: atMs }),
    ...(own === undefined ? {} : { redirected: { ...own, atMs } }),
  });
}

/** Flows of vehicles as they are known now. Many of which nothing was read are read in slices, not one by one. */
async function correctAll(
  options: SdnOptions,
  deps: SdnDeps,
  { vehicles, runner, follower, timers }: RecoveryParts,
  changed: readonly Vehicle[],
): Promise<void> {
  const usable = deps.switches.map(({ datapath }) => datapath).filter(datapath => runner.usable(datapath));
  if (changed.filter(vehicle => !runner.isSettled(vehicle) || runner.isBare(vehicle)).length > FEW)
    await reconcile(reconciling(options, deps, vehicles, runner), usable, true, () => undefined);
  for (let i = 0; i < changed.length; i += FEW) {
    for (const vehicle of changed.slice(i, i + FEW)) follower.settle(vehicle, undefined, runner.push(vehicle));
    // packets and commands come in between
    await new Promise<void>(resolve => timers.after(0, resolve));
  }
}

/** Removes what the manager does not know: vehicles that were on the switches before it was asked. */
async function removeForeign(
  deps: SdnDeps,
  { vehicles, runner, follower }: RecoveryParts,
  numbers: ReadonlySet<number>,
  known: ReadonlySet<number>,
): Promise<void> {
  const foreign = [...numbers].filter(number => !known.has(number) && vehicles.numbered(number)?.id === undefined);
  const usable = deps.switches.map(({ datapath }) => datapath).filter(datapath => runner.usable(datapath));
  for (let i = 0; i < foreign.length; i += FEW) {
    const some = foreign.slice(i, i + FEW);
    for (const datapath of usable)
      await runner.apply(datapath, {
        meters: some.map(number => ({ op: 'delete', meter: vehicleMeter(number) })),
        flows: some.map(number => ({ op: 'deleteSlice', ...vehicleSlice(number) })),
      });
    for (const number of some) {
      const vehicle = vehicles.numbered(number);
      if (vehicle !== undefined) follower.forget(vehicle);
    }
  }
}
