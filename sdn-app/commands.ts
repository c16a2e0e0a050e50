import type { z } from 'zod';
import type { CommandHeader } from '../protocol/api/common.js';
import type {
  ArmingRequest,
  AttachmentHint,
  ConfirmRequest,
  TicketsRequest,
  VehicleFlows,
  confirmAnswer,
  installRequest,
  redirectRequest,
  retireRequest,
} from '../protocol/api/sdn-app.js';
import { MAX_NUMBER } from '../protocol/addresses.js';
import { fault } from '../protocol/errors.js';
import { confirmable } from './attachment/doubts.js';
import { accessPortOf, locatedAt } from './attachments.js';
import { describe } from './describe.js';
import type { Tenure } from './tenure.js';
import { hostEnd, pointTo, reaches, sameEnd, type Vehicle } from './vehicles.js';

/**
 * What md-manager and vMD hosts order. Each command is remembered before it is sent, so that it is carried out when a switch
 * comes back (a swap only ever rolls forward), and returns once barriers have confirmed it. All of them may be repeated.
 */

/** The flows of a vehicle at registration or recovery. */
export async function install(
  tenure: Tenure,
  id: string,
  request: z.infer<typeof installRequest>,
): Promise<VehicleFlows> {
  const { header, number, host: ref, attachment } = request;
  tenure.checkManagerTerm(header.term);
  if (number > MAX_NUMBER) throw fault('REQUEST_INVALID', `${number} is not a vehicle number`);
  const { vehicles, topology } = tenure;
  const host = hostEnd(topology, ref);
  const known = vehicles.numbered(number);
  if (known !== undefined && known.id !== undefined) checkEpoch(known, header);
  const vehicle = known ?? tenure.enrol(number, host, header.epoch);
  vehicles.name(vehicle, id);
  point(vehicle, host, ref, header);
  const there = attachment === undefined ? undefined : locatedAt(topology, attachment);
  if (there !== undefined) tenure.follower.dispatch(vehicle, { type: 'placed', ...there });
  await confirmed(tenure, vehicle);
  tenure.follower.countStates();
  tenure.log.info({ event: 'sdn.installed', vehicle: id, number, host: ref.host, epoch: header.epoch });
  return shown(tenure, vehicle);
}

/** The swap: both directions of the flow go to `host`, in one bundle. */
export async function redirect(
  tenure: Tenure,
  id: string,
  request: z.infer<typeof redirectRequest>,
): Promise<VehicleFlows> {
  const { header, host: ref } = request;
  tenure.checkManagerTerm(header.term);
  const vehicle = tenure.vehicles.named(id);
  checkEpoch(vehicle, header);
  point(vehicle, hostEnd(tenure.topology, ref), ref, header);
  await confirmed(tenure, vehicle);
  const { handover, epoch } = header;
  tenure.log.info({ event: 'sdn.redirected', vehicle: id, handover, epoch, host: ref.host });
  return shown(tenure, vehicle);
}

/** The way out of a drained host goes. REQUEST_INVALID where it is the host that serves the vehicle. */
export async function retire(tenure: Tenure, id: string, request: z.infer<typeof retireRequest>): Promise<void> {
  const { header, host } = request;
  tenure.checkManagerTerm(header.term);
  const vehicle = tenure.vehicles.named(id);
  if (sameEnd(vehicle.host, host)) throw fault('REQUEST_INVALID', `${host.host} serves ${id}`);
  // A newer hand-over may have been quicker: a way out that is older than this word goes all the same. Late is a word from
  // before the vehicle went back to that host.
  const old = vehicle.leaving.find(item => sameEnd(item.host, host));
  if (old !== undefined && header.epoch <= old.epoch)
    throw fault('EPOCH_STALE', `epoch ${header.epoch}; ${host.host} has served since ${old.epoch}`);
  vehicle.highestEpoch = Math.max(vehicle.highestEpoch, header.epoch);
  vehicle.leaving = vehicle.leaving.filter(old => !sameEnd(old.host, host));
  await confirmed(tenure, vehicle);
  tenure.log.info({ event: 'sdn.retired', vehicle: id, handover: header.handover, host: host.host });
}

/**
 * What the vehicle may use by itself. Its routes are in the switches, and those withdrawn are out of them, when this
 * returns: after that the manager may give a slot to somebody else.
 */
export async function arm(tenure: Tenure, id: string, request: ArmingRequest): Promise<VehicleFlows> {
  const { term, slots, tickets, leaseMs } = request;
  tenure.checkManagerTerm(term);
  const vehicle = tenure.vehicles.named(id);
  if (new Set(slots.map(({ domain }) => domain)).size < slots.length)
    throw fault('REQUEST_INVALID', 'more than one slot of a domain');
  for (const { domain, host } of slots)
    if (host.domain !== domain) throw fault('REQUEST_INVALID', `${host.host} is no host of ${domain}`);
  const lost = slots.find(({ domain }) => !reaches(tenure.topology, domain));
  if (lost !== undefined) throw fault('FLOW_INVALID', `no switch has a port for hosts of ${lost.domain}`);
  vehicle.found = [];
  const untilMs = tenure.nowMs() + leaseMs;
  tenure.follower.dispatch(vehicle, { type: 'arming', slots, tickets, untilMs });
  await confirmed(tenure, vehicle);
  tenure.log.debug({ event: 'sdn.armed', vehicle: id, domains: slots.map(({ domain }) => domain), tickets });
  return shown(tenure, vehicle);
}

/** Slots that no vehicle holds yet. */
export function giveTickets(tenure: Tenure, { term, tickets, leaseMs }: TicketsRequest): void {
  tenure.checkManagerTerm(term);
  const lost = tickets.find(({ host }) => !reaches(tenure.topology, host.domain));
  if (lost !== undefined) throw fault('FLOW_INVALID', `no switch has a port for hosts of ${lost.host.domain}`);
  tenure.tickets.put(tickets, tenure.nowMs() + leaseMs);
  tenure.countTickets();
}

/** A vMD host has verified a fresh message of the vehicle that came in by this port. */
export function confirm(tenure: Tenure, id: string, request: ConfirmRequest): z.infer<typeof confirmAnswer> {
  const { datapath, port, unconfirmed = true } = request;
  const tag = unconfirmed ? 'unconfirmed' : 'confirmed';
  const vehicle = tenure.vehicles.named(id);
  const at = accessPortOf(tenure.topology, { datapath, port });
  if (at === undefined) throw fault('REQUEST_INVALID', `port ${port} of switch ${datapath} is no access port`);
  const { result } = confirmable(vehicle.state, { datapath, port, tag }, tenure.nowMs());
  tenure.follower.dispatch(vehicle, {
    type: 'confirmed',
    datapath,
    port,
    tag,
    ...tenure.follower.offer(vehicle, at.domain),
  });
  return { result };
}

/** Somebody other than the switch saw the vehicle there. */
export function hint(tenure: Tenure, id: string, { datapath, port, source, mac }: AttachmentHint): void {
  const vehicle = tenure.vehicles.named(id);
  const at = accessPortOf(tenure.topology, { datapath, port });
  if (at === undefined) throw fault('REQUEST_INVALID', `port ${port} of switch ${datapath} is no access port`);
  const station = mac === undefined ? {} : { mac: Number.parseInt(mac.replaceAll(':', ''), 16) };
  tenure.follower.dispatch(vehicle, {
    type: 'copy',
    place: { datapath, port, source, ...station },
    domain: at.domain,
    // no frame tells what the switch made of it
    tag: 'unconfirmed',
    authenticated: at.authenticated ?? false,
    ...tenure.follower.offer(vehicle, at.domain),
  });
}

function checkEpoch(vehicle: Vehicle, { epoch }: CommandHeader): void {
  if (epoch < vehicle.highestEpoch) throw fault('EPOCH_STALE', `epoch ${epoch} after ${vehicle.highestEpoch}`);
}

/** One epoch has one host: a second host under the same epoch is a late word of somebody else. */
function point(vehicle: Vehicle, host: Vehicle['host'], ref: Vehicle['ref'], { epoch }: CommandHeader): void {
  if (epoch === vehicle.epoch && vehicle.ref !== undefined && !sameEnd(vehicle.host, host))
    throw fault('EPOCH_STALE', `epoch ${epoch} already sends to ${vehicle.ref.host}`);
  pointTo(vehicle, host, ref, epoch);
}

async function confirmed(tenure: Tenure, vehicle: Vehicle): Promise<void> {
  try {
    await tenure.runner.push(vehicle);
  } catch (error) {
    tenure.follower.failed(vehicle, error);
    throw error;
  }
}

function shown(tenure: Tenure, vehicle: Vehicle): VehicleFlows {
  const found = describe(vehicle, tenure.topology, tenure.downPorts);
  if (found === undefined) throw fault('VEHICLE_UNKNOWN', String(vehicle.number));
  return found;
}
