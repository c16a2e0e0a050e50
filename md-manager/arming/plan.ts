import type { NextDomain } from './neighbours.js';

/** Who should hold which standby slots now: pure (docs/decisions/arming.md). */

export interface Wants {
  readonly vehicle: string;
  /** Likeliest first; none for a vehicle that is not at rest. */
  readonly next: readonly NextDomain[];
}

/** A standby slot that is kept: offered to sdn-app, or about to be. */
export interface Kept {
  readonly lease: string;
  readonly domain: string;
  /** Absent: a ticket. */
  readonly vehicle?: string;
}

/** Slots of a domain that are ready, and how many of them belong to hand-overs that come without notice. */
export interface Room {
  readonly ready: number;
  readonly reserve: number;
}

export interface Limits {
  /** Standby slots of one domain at most, tickets included. */
  readonly budget: number;
  readonly ticketsPerDomain: number;
}

export interface Taking {
  /** Absent: a ticket. */
  readonly vehicle?: string;
  readonly domain: string;
  readonly reason: string;
}

export interface Plan {
  readonly withdraw: readonly string[];
  readonly take: readonly Taking[];
  /** Vehicles that lack a slot for want of room or budget: to be asked about again. */
  readonly unserved: readonly string[];
}

/**
 * `wants` may be of some vehicles alone: slots of those that it does not name stay as they are. `kept` is all that is kept,
 * oldest first; `leaving` has been withdrawn, and sdn-app has not let go of it yet: it makes no room.
 */
export function planStandby(
  wants: readonly Wants[],
  kept: readonly Kept[],
  rooms: ReadonlyMap<string, Room>,
  limits: Limits,
  leaving: readonly Kept[] = [],
): Plan {
  const withdraw = new Set<string>();
  const nextOf = new Map(wants.map(({ vehicle, next }) => [vehicle, next]));
  for (const { lease, vehicle, domain } of kept) {
    const next = vehicle === undefined ? undefined : nextOf.get(vehicle);
    if (next !== undefined && !next.some(row => row.domain === domain)) withdraw.add(lease);
    if (!rooms.has(domain)) withdraw.add(lease);
  }
  for (const [domain, room] of rooms) for (const lease of excess(kept, domain, room, limits)) withdraw.add(lease);

  const used = new Map<string, number>();
  for (const { domain } of [...kept, ...leaving]) used.set(domain, (used.get(domain) ?? 0) + 1);
  const taken = new Map<string, number>();
  const take: Taking[] = [];
  const mayTake = (domain: string): boolean => {
    const room = rooms.get(domain);
    const mine = taken.get(domain) ?? 0;
    return room !== undefined && room.ready - mine > room.reserve && (used.get(domain) ?? 0) + mine < limits.budget;
  };
  const wish = (taking: Taking): boolean => {
    if (!mayTake(taking.domain)) return false;
    taken.set(taking.domain, (taken.get(taking.domain) ?? 0) + 1);
    take.push(taking);
    return true;
  };

  const unserved = new Set<string>();
  const mine = (rows: readonly Kept[]): Set<string> => new Set(rows.map(row => `${row.vehicle} ${row.domain}`));
  const [isKept, isLeaving] = [mine(kept), mine(leaving)];
  // Everybody's likeliest domain comes before anybody's second.
  for (const { vehicle, domain, reason } of inTurn(wants)) {
    const one = `${vehicle} ${domain}`;
    if (isKept.has(one)) continue;
    if (isLeaving.has(one) || !wish({ vehicle, domain, reason })) unserved.add(vehicle);
  }
  for (const domain of rooms.keys()) {
    const tickets = kept.filter(row => row.vehicle === undefined && row.domain === domain && !withdraw.has(row.lease));
    for (let count = tickets.length; count < limits.ticketsPerDomain; count++)
      if (!wish({ domain, reason: 'ticket' })) break;
  }
  return { withdraw: [...withdraw], take, unserved: [...unserved] };
}

function inTurn(wants: readonly Wants[]): { vehicle: string; domain: string; reason: string }[] {
  const rows = wants.flatMap(({ vehicle, next }) =>
    next.map(({ domain, reason }, rank) => ({ vehicle, domain, reason, rank })),
  );
  return rows.sort((a, b) => a.rank - b.rank);
}

/** Slots of a domain that are too many, newest first: over the budget, or held while hand-overs find no slot at all. */
function excess(kept: readonly Kept[], domain: string, { ready, reserve }: Room, limits: Limits): string[] {
  const there = kept.filter(row => row.domain === domain);
  const tickets = there.filter(row => row.vehicle === undefined);
  const over = Math.max(0, there.length - limits.budget, ready === 0 ? reserve : 0);
  const surplus = tickets.slice(limits.ticketsPerDomain);
  return [...there.slice(Math.max(0, there.length - over)), ...surplus].map(({ lease }) => lease);
}
