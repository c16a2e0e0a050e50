import type { z } from 'zod';
import type { CommandHeader } from '../protocol/api/common.js';
import type { installRequest, redirectRequest, retireRequest, VehicleFlows } from '../protocol/api/sdn-app.js';
import { MAX_NUMBER } from '../protocol/addresses.js';
import { fault } from '../protocol/errors.js';
import type { SdnService } from './service.js';
import { describe, hostEnd, pointTo, sameEnd, type Vehicle } from './vehicles.js';

/**
 * What md-manager orders. Each command is remembered before it is sent, so that it is carried out when the switch comes
 * back (a swap only ever rolls forward), and returns once a barrier has confirmed it. All of them may be repeated.
 */

/** The flows of a vehicle at registration or recovery. */
export async function install(
  service: SdnService,
  id: string,
  request: z.infer<typeof installRequest>,
): Promise<VehicleFlows> {
  const { header, number, host: ref, attachment } = request;
  checkTerm(service, header);
  if (number > MAX_NUMBER) throw fault('REQUEST_INVALID', `${number} is not a vehicle number`);
  const host = hostEnd(service.options.topology, service.options.network.datapath, ref);
  const known = service.vehicles.numbered(number);
  if (known !== undefined && known.id !== undefined) checkEpoch(known, header);
  const vehicle = known ?? service.vehicles.add(number, host, header.epoch);
  service.vehicles.name(vehicle, id);
  point(vehicle, host, ref, header);
  if (attachment !== undefined && attachment.datapath === service.options.network.datapath)
    service.dispatch(vehicle, { type: 'placed', place: { port: attachment.port, source: attachment.source } });
  await confirm(service, vehicle);
  service.countStates();
  service.deps.log.info({ event: 'sdn.installed', vehicle: id, number, host: ref.host, epoch: header.epoch });
  return shown(service, vehicle);
}

/** The swap: both directions of the flow go to `host`, in one bundle. */
export async function redirect(
  service: SdnService,
  id: string,
  request: z.infer<typeof redirectRequest>,
): Promise<VehicleFlows> {
  const { header, host: ref } = request;
  checkTerm(service, header);
  const vehicle = service.vehicles.named(id);
  checkEpoch(vehicle, header);
  point(vehicle, hostEnd(service.options.topology, service.options.network.datapath, ref), ref, header);
  await confirm(service, vehicle);
  const { handover, epoch } = header;
  service.deps.log.info({ event: 'sdn.redirected', vehicle: id, handover, epoch, host: ref.host });
  return shown(service, vehicle);
}

/** The way out of a drained host goes. REQUEST_INVALID where it is the host that serves the vehicle. */
export async function retire(service: SdnService, id: string, request: z.infer<typeof retireRequest>): Promise<void> {
  const { header, host } = request;
  checkTerm(service, header);
  const vehicle = service.vehicles.named(id);
  if (sameEnd(vehicle.host, host)) throw fault('REQUEST_INVALID', `${host.host} serves ${id}`);
  // A newer hand-over may have been quicker: a way out that is older than this word goes all the same. Late is a word from
  // before the vehicle went back to that host.
  const old = vehicle.leaving.find(item => sameEnd(item.host, host));
  if (old !== undefined && header.epoch <= old.epoch)
    throw fault('EPOCH_STALE', `epoch ${header.epoch}; ${host.host} has served since ${old.epoch}`);
  vehicle.highestEpoch = Math.max(vehicle.highestEpoch, header.epoch);
  vehicle.leaving = vehicle.leaving.filter(old => !sameEnd(old.host, host));
  await confirm(service, vehicle);
  service.deps.log.info({ event: 'sdn.retired', vehicle: id, handover: header.handover, host: host.host });
}

function checkTerm(service: SdnService, { term }: CommandHeader): void {
  if (term < service.managerTerm) throw fault('TERM_STALE', `term ${term} after ${service.managerTerm}`);
  service.managerTerm = term;
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

async function confirm(service: SdnService, vehicle: Vehicle): Promise<void> {
  try {
    await service.runner.push(vehicle);
  } catch (error) {
    service.failed(vehicle, error);
    throw error;
  }
}

function shown(service: SdnService, vehicle: Vehicle): VehicleFlows {
  const { network, topology } = service.options;
  const found = describe(vehicle, network, topology);
  if (found === undefined) throw fault('VEHICLE_UNKNOWN', String(vehicle.number));
  return found;
}
