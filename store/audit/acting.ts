import type { ActingView, SlotView, Violation } from './types.js';

const EPOCH_SPAN = 2 ** 24;

/** Guarantees 3, 4 and 5: who acts, who holds a slot, which flows are left. */
export function auditActing(view: ActingView): Violation[] {
  return [...actingHosts(view), ...orphanSlots(view), ...oldFlows(view)];
}

/** A host acts only while its lease from the manager holds. */
const acts = (slot: SlotView): boolean => slot.actingEpoch !== undefined && slot.leaseHeld !== false;

/**
 * Guarantee 3. While a hand-over is open the old host may act with the older epoch until it has stood down; at any time
 * nobody acts above the owner row, and never two.
 */
function actingHosts({ owners, open, slots = [] }: ActingView): Violation[] {
  const ownerOf = new Map(owners.map(row => [row.vehicle, row]));
  const moving = new Set(open.map(({ vehicle }) => vehicle));
  const acting = new Map<string, SlotView[]>();
  for (const slot of slots)
    if (slot.vehicle !== undefined && acts(slot)) acting.set(slot.vehicle, [...(acting.get(slot.vehicle) ?? []), slot]);
  return [...acting].flatMap(([vehicle, found]): Violation[] => {
    const fault = (say: string): Violation => ({ guarantee: 3, vehicle, say });
    const owner = ownerOf.get(vehicle);
    const named = found.map(({ host, actingEpoch }) => `${host} (epoch ${actingEpoch})`).join(' and ');
    if (found.length > 1) return [fault(`${named} act at once`)];
    const [slot] = found;
    const epoch = slot?.actingEpoch ?? 0;
    if (owner === undefined) return [fault(`${named} acts without an owner row`)];
    if (epoch > owner.epoch) return [fault(`${named} acts above the claimed epoch ${owner.epoch}`)];
    if (moving.has(vehicle)) return [];
    if (epoch < owner.epoch) return [fault(`${named} acts below the claimed epoch ${owner.epoch}`)];
    return slot?.host === owner.host ? [] : [fault(`${named} acts, but ${owner.host} has claimed the epoch`)];
  });
}

/**
 * Guarantee 4: `reserved` and `assigned` name an open hand-over, the lease of a standby slot, or the vehicle whose owner is
 * this host.
 */
function orphanSlots({ owners, open, standbys = [], slots = [], poolSlots = [] }: ActingView): Violation[] {
  const ownerOf = new Map(owners.map(row => [row.vehicle, row]));
  const openIds = new Set(open.map(({ id }) => id));
  const moving = new Set(open.map(({ vehicle }) => vehicle));
  const leases = new Set(standbys.map(({ lease, host }) => `${lease} ${host}`));
  const held = (slot: SlotView): boolean =>
    leases.has(`${slot.handover} ${slot.host}`) ||
    (slot.handover !== undefined && openIds.has(slot.handover)) ||
    (slot.vehicle !== undefined && (moving.has(slot.vehicle) || ownerOf.get(slot.vehicle)?.host === slot.host));
  const orphans = (from: readonly SlotView[], by: string): Violation[] =>
    from
      .filter(slot => (slot.state === 'reserved' || slot.state === 'assigned') && !held(slot))
      .map(slot => ({
        guarantee: 4,
        ...(slot.vehicle === undefined ? {} : { vehicle: slot.vehicle }),
        say: `slot ${slot.slot} of ${slot.host} is ${slot.state} for nobody (says the ${by})`,
      }));
  return [...orphans(slots, 'host'), ...orphans(poolSlots, 'manager')];
}

/** Guarantee 5: once no hand-over of a vehicle is open, no flow of it has an epoch below the claimed one. */
function oldFlows({ owners, devices, open, flows = [] }: ActingView): Violation[] {
  const vehicleOf = new Map(devices.map(row => [row.number, row.vehicle]));
  const ownerOf = new Map(owners.map(row => [row.vehicle, row]));
  const moving = new Set(open.map(({ vehicle }) => vehicle));
  const old = new Map<string, string[]>();
  for (const { vehicle: number, epochLow, kind } of flows) {
    const vehicle = vehicleOf.get(number);
    const owner = vehicle === undefined ? undefined : ownerOf.get(vehicle);
    if (vehicle === undefined || owner === undefined || moving.has(vehicle)) continue;
    const behind = (((owner.epoch - epochLow) % EPOCH_SPAN) + EPOCH_SPAN) % EPOCH_SPAN;
    if (behind > 0 && behind < EPOCH_SPAN / 2)
      old.set(vehicle, [...(old.get(vehicle) ?? []), `${kind} of ${epochLow}`]);
  }
  return [...old].map(([vehicle, found]) => ({
    guarantee: 5,
    vehicle,
    say: `the switch holds flows older than epoch ${ownerOf.get(vehicle)?.epoch}: ${found.join(', ')}`,
  }));
}
