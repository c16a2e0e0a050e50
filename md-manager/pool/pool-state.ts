import type { HostRef } from '../../protocol/api/common.js';
import type { Pool as PoolView, SlotState } from '../../protocol/api/pools.js';
import type { HeldSlot, HeldSlots } from './held-slots.js';

/** Slots of all hosts, and who holds them: pure. States are replaced, never changed. */

export const HOST_STATES = ['starting', 'ready', 'quarantined', 'draining', 'lost', 'going'] as const;
export type HostState = (typeof HOST_STATES)[number];

export interface PooledHost {
  readonly ref: HostRef;
  readonly pid: number;
  readonly slots: number;
  /**
   * `starting`: ordered, has not said hello; `quarantined`: it comes and goes, nothing more is given to it until it is well;
   * `lost`: out of reach, nothing more is given to it until it is gone; `draining`: to be empty, for maintenance; `going`: no longer
   * needed, being ended.
   */
  readonly state: HostState;
  /** Vehicle → its slot here. */
  readonly held: HeldSlots;
}

/** In the order in which they were ordered or adopted. */
export type PoolState = ReadonlyMap<string, PooledHost>;

/** What the pool of a domain is kept at. */
export interface PoolSize {
  readonly hosts: number;
  /** Ready slots. */
  readonly slots: number;
  /** How many of these are for hand-overs that come without notice. */
  readonly reserve: number;
}
export type PoolSizes = ReadonlyMap<string, PoolSize>;

export interface Wish {
  readonly vehicle: string;
  readonly handover: string;
  /** Best first. */
  readonly domains: readonly string[];
  /** Other domains will do where these are full. */
  readonly anywhere: boolean;
  readonly avoid: readonly string[];
  /** For a hand-over that may come. */
  readonly standby?: true;
}

/**
 * Takes a slot on the emptiest ready host of the best domain; `undefined` where none is ready. Hosts beyond the size of
 * their pool are filled one after the other, and only where the others are full, so that they get empty again and can go.
 */
export function reserve(
  pool: PoolState,
  wish: Wish,
  sizes: PoolSizes,
): { readonly pool: PoolState; readonly host: HostRef } | undefined {
  const { vehicle, handover, domains, anywhere, avoid } = wish;
  const beyond = placesBeyond(pool, sizes);
  const place = ({ ref }: PooledHost): number => beyond.get(ref.host) ?? 0;
  const rank = (host: PooledHost): number => {
    const at = domains.indexOf(host.ref.domain);
    return at < 0 ? domains.length : at;
  };
  const before = (a: PooledHost, b: PooledHost): boolean =>
    (rank(a) - rank(b) || place(a) - place(b) || a.held.size - b.held.size || compare(a.ref.host, b.ref.host)) < 0;
  let best: PooledHost | undefined;
  for (const host of pool.values()) {
    if (host.state !== 'ready' || host.held.size >= host.slots || host.held.has(vehicle)) continue;
    if (avoid.includes(host.ref.host) || (!anywhere && rank(host) === domains.length)) continue;
    if (best === undefined || before(host, best)) best = host;
  }
  if (best === undefined) return undefined;
  return { pool: hold(pool, best, vehicle, 'reserved', handover), host: best.ref };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Ready host → its place among those beyond its pool's size, from 1, oldest first; absent for the others. */
function placesBeyond(pool: PoolState, sizes: PoolSizes): Map<string, number> {
  const counted = new Map<string, number>();
  const places = new Map<string, number>();
  for (const { ref, state } of pool.values()) {
    if (state !== 'ready') continue;
    const count = (counted.get(ref.domain) ?? 0) + 1;
    counted.set(ref.domain, count);
    const place = count - (sizes.get(ref.domain)?.hosts ?? 0);
    if (place > 0) places.set(ref.host, place);
  }
  return places;
}

/** Writes down that a vehicle holds a slot, as found after a restart or as its hand-over goes on. */
export function mark(
  pool: PoolState,
  hostName: string,
  vehicle: string,
  state: HeldSlot['state'],
  handover: string,
): PoolState {
  const host = pool.get(hostName);
  const held = host?.held.get(vehicle);
  if (host === undefined || (held?.state === state && held.handover === handover)) return pool;
  return hold(pool, host, vehicle, state, handover);
}

/** Who holds the slot of a ticket; no vehicle has such a name. */
export const ticketHolder = (lease: string): string => `ticket ${lease}`;
const isTicket = (holder: string): boolean => holder.startsWith('ticket ');

/** A held slot changes hands: that of a ticket becomes a vehicle's. Nothing where `from` holds none. */
export function passOn(pool: PoolState, hostName: string, from: string, to: string, handover: string): PoolState {
  const host = pool.get(hostName);
  if (!host?.held.has(from)) return pool;
  return putHost(pool, { ...host, held: host.held.passed(from, to, handover) });
}

export function free(pool: PoolState, hostName: string, vehicle: string): PoolState {
  const host = pool.get(hostName);
  if (!host?.held.has(vehicle)) return pool;
  return putHost(pool, { ...host, held: host.held.without(vehicle) });
}

export function putHost(pool: PoolState, host: PooledHost): PoolState {
  return new Map(pool).set(host.ref.host, host);
}

export function removeHost(pool: PoolState, hostName: string): PoolState {
  const next = new Map(pool);
  next.delete(hostName);
  return next;
}

const inDomain = (pool: PoolState, domain: string): PooledHost[] =>
  [...pool.values()].filter(host => host.ref.domain === domain);

export function readySlots(pool: PoolState, domain: string): number {
  let slots = 0;
  for (const host of pool.values())
    if (host.ref.domain === domain && host.state === 'ready') slots += host.slots - host.held.size;
  return slots;
}

export interface Wanted {
  readonly hosts: number;
  readonly slots: number;
  /** Slots that somebody waits for: those of hosts that start will do. */
  readonly waiting: number;
  readonly slotsPerHost: number;
  readonly maxHosts: number;
}

/**
 * How many hosts to order so that `hosts` run, `slots` are ready, and who waits gets one, within `maxHosts`: a quota, in which
 * hosts count until they are gone.
 */
export function shortOf(pool: PoolState, domain: string, wanted: Wanted): number {
  const { waiting, slotsPerHost, maxHosts } = wanted;
  const hosts = inDomain(pool, domain);
  const aside = hosts.filter(({ state }) => state === 'draining' || state === 'quarantined').length;
  const serving = hosts.filter(host => host.state === 'ready' || host.state === 'starting').length;
  const starting = hosts.filter(host => host.state === 'starting').length;
  const slots = readySlots(pool, domain) + starting * slotsPerHost;
  const forSlots = Math.ceil(Math.max(0, wanted.slots - slots) / slotsPerHost);
  const forWaiting = Math.ceil(waiting / slotsPerHost) - starting;
  const missing = Math.max(wanted.hosts - serving, forSlots, forWaiting);
  return Math.max(0, Math.min(missing, maxHosts - serving - aside));
}

/**
 * Hosts that a domain can do without, all at once: ready, none of their slots is held, and without them `hosts` still
 * run and `slots` are ready. The newest first, so that a pool comes back to the hosts that it began with.
 */
export function surplusHosts(pool: PoolState, domain: string, least: Pick<PoolSize, 'hosts' | 'slots'>): string[] {
  const ready = inDomain(pool, domain).filter(({ state }) => state === 'ready');
  let running = ready.length;
  let slots = readySlots(pool, domain);
  const surplus: string[] = [];
  for (const host of ready.reverse()) {
    if (host.held.size > 0 || running - 1 < least.hosts || slots - host.slots < least.slots) continue;
    running--;
    slots -= host.slots;
    surplus.push(host.ref.host);
  }
  return surplus;
}

/** Whether commands reach it: whoever holds a slot there goes on. */
export const isReached = (state: HostState | undefined): boolean =>
  state === 'ready' || state === 'draining' || state === 'quarantined';

/** `draining`, `quarantined`: from here on nothing of this host is given to anybody, whoever holds a slot keeps it. Nothing where it is out of reach. */
export function turn(pool: PoolState, hostName: string, state: 'ready' | 'draining' | 'quarantined'): PoolState {
  const host = pool.get(hostName);
  return host !== undefined && isReached(host.state) ? putHost(pool, { ...host, state }) : pool;
}

/** The host may be ended; `undefined` where somebody holds a slot, or it is out of reach. */
export function dismiss(pool: PoolState, hostName: string): PoolState | undefined {
  const host = pool.get(hostName);
  return host !== undefined && isReached(host.state) && host.held.size === 0
    ? putHost(pool, { ...host, state: 'going' })
    : undefined;
}

/** The state of slots that nobody holds. */
const STATE_OF_REST: Readonly<Record<HostState, SlotState>> = {
  ...{ starting: 'ready', ready: 'ready', quarantined: 'quarantined', draining: 'going' },
  ...{ lost: 'quarantined', going: 'going' },
};

/** Slots as people see them: held ones under their number, the rest in the state of their host. */
export function slotsOf(host: PooledHost): { slot: number; state: SlotState; vehicle?: string; handover?: string }[] {
  const held = new Map([...host.held].map(([vehicle, slot]) => [slot.slot, { vehicle, ...slot }]));
  const rest = STATE_OF_REST[host.state];
  return Array.from({ length: host.slots }, (_, slot) => {
    const found = held.get(slot);
    if (found === undefined) return { slot, state: rest };
    const { vehicle, handover, state } = found;
    const whose = isTicket(vehicle) ? { handover } : { vehicle, handover };
    return { slot, state: isReached(host.state) ? state : rest, ...whose };
  });
}

/** Pools as people see them; `ordering` tells how many hosts of a domain are ordered and do not exist yet. */
export function poolView(pool: PoolState, sizes: PoolSizes, ordering: (domain: string) => number): PoolView[] {
  return [...sizes].map(([domain, { hosts: hostsKept, slots: size }]) => {
    const all = inDomain(pool, domain);
    const hosts = all.flatMap(({ ref, pid, state, ...rest }) =>
      state === 'starting' ? [] : [{ host: ref, pid, state, slots: slotsOf({ ref, pid, state, ...rest }) }],
    );
    return { domain, size, hostsKept, hosts, starting: all.length - hosts.length + ordering(domain) };
  });
}

function hold(
  pool: PoolState,
  host: PooledHost,
  vehicle: string,
  state: HeldSlot['state'],
  handover: string,
): PoolState {
  return putHost(pool, { ...host, held: host.held.with(vehicle, state, handover) });
}
