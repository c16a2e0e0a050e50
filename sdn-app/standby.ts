import type { HostRef } from '../protocol/api/common.js';
import type { VehicleRecord } from '../protocol/api/md-manager.js';
import type { StandbySlot } from '../protocol/api/sdn-app.js';
import type { ManagerLink } from './manager-link.js';
import { sameEnd, type OwnRedirect, type Vehicle } from './vehicles.js';

/** The standby slots that the manager holds, as it tells them to an app that has just become active. */
export interface Reserved {
  readonly armed: readonly { readonly vehicle: string; readonly slot: StandbySlot; readonly untilMs: number }[];
  readonly tickets: readonly StandbySlot[];
}

export const NOTHING_RESERVED: Reserved = { armed: [], tickets: [] };

/** Reservations with their hosts as commands name them; those of hosts that are gone are left out. */
export async function askReserved(manager: ManagerLink): Promise<Reserved> {
  const [{ armed, tickets }, pools] = await Promise.all([manager.reservations(), manager.pools()]);
  const hosts = new Map<string, HostRef>(
    pools.flatMap(pool => pool.hosts.map(({ host }) => [host.host, host] as const)),
  );
  const slotOf = ({ lease, domain, host }: { lease: string; domain: string; host: string }): StandbySlot[] => {
    const ref = hosts.get(host);
    return ref === undefined ? [] : [{ lease, domain, host: ref }];
  };
  return {
    armed: armed.flatMap(row => slotOf(row).map(slot => ({ vehicle: row.vehicle, slot, untilMs: row.untilMs }))),
    tickets: tickets.flatMap(slotOf),
  };
}

/** The leases behind the armed routes that were found on the switches. */
export function leasesOf(
  { id, found }: Vehicle,
  { armed }: Reserved,
): { readonly slots: readonly StandbySlot[]; readonly untilMs: number } {
  const rows = armed.filter(
    ({ vehicle, slot }) =>
      vehicle === id && found.some(({ domain, host }) => domain === slot.domain && sameEnd(host, slot.host)),
  );
  return { slots: rows.map(({ slot }) => slot), untilMs: Math.min(...rows.map(({ untilMs }) => untilMs)) };
}

/**
 * The redirect that an app made before it died and that the manager has not heard of: by the lease of the host to which the
 * switch sends. Tickets in `taken` are somebody else's; slots of one host are all the same.
 */
export function untoldRedirect(
  vehicle: Vehicle,
  record: VehicleRecord,
  { armed, tickets }: Reserved,
  taken: ReadonlySet<string>,
): OwnRedirect | undefined {
  if (record.host === undefined || vehicle.epoch <= record.highestEpoch || sameEnd(vehicle.host, record.host))
    return undefined;
  const slot = armed.find(row => row.vehicle === vehicle.id && sameEnd(row.slot.host, vehicle.host))?.slot;
  if (slot !== undefined) return { way: 'armed', lease: slot.lease, host: slot.host, epoch: vehicle.epoch };
  const ticket = tickets.find(({ lease, host }) => !taken.has(lease) && sameEnd(host, vehicle.host));
  return ticket === undefined
    ? undefined
    : { way: 'ticket', lease: ticket.lease, host: ticket.host, epoch: vehicle.epoch };
}
