import assert from 'node:assert/strict';
import type { Move, Redirected } from '../../md-manager/handover/state.js';
import { namedHosts } from '../../md-manager/handover/work.js';
import { attachmentIn, hostRef } from './host-refs.js';
import type { Everything } from './handover-state.js';

/** Standby slots in the world of a hand-over: kept by the manager, used by sdn-app, and told of later. */

/** Hosts with a slot that the manager may keep for a move. */
export function leasable({ pool, held, lost, state }: Everything): string[] {
  if (state.run !== undefined) return [];
  const other = (host: string): boolean => host.split('/')[0] !== state.twin.host.domain;
  return pool.filter(host => other(host) && !held.includes(host) && !(host in lost)).slice(0, 2);
}

/** The manager keeps a slot for sdn-app to use. */
export function offer(all: Everything, host: string, way: 'armed' | 'ticket'): void {
  if (!leasable(all).includes(host)) return;
  all.held.push(host);
  all.leases[host] = { way, is: 'offered' };
  const epoch = all.state.highestEpoch;
  if (way === 'ticket') return;
  assert.ok(epoch >= (all.highest[host] ?? 0), 'a lease is prepared with the highest epoch seen');
  all.slots[host] = { epoch, acting: false, draining: false };
}

/** sdn-app redirects the flow there; the manager does not know yet. */
export function use(all: Everything, host: string): void {
  if (all.leases[host]?.is !== 'offered') return;
  for (const [name, other] of Object.entries(all.leases))
    if (other.is === 'offered') all.leases[name] = { ...other, is: 'ended' };
  all.moves++;
  all.flow = { host, epoch: ++all.switchSeen };
  all.place = host.split('/')[0]!;
  all.used.push(`${host} ${all.flow.epoch}`);
  const redirected = { host: hostRef(host), epoch: all.flow.epoch, atMs: all.now, ...slotAt(all, host) };
  all.untold.push({ id: `r${all.moves}`, to: attachmentIn(all.place), first: false, phases: {}, redirected });
}

/** The oldest redirect that the manager has not heard of, as it is told now. */
export function nextTold(all: Everything): Move | undefined {
  const move = all.untold.shift();
  if (move?.redirected === undefined) return undefined;
  const redirected = { ...move.redirected, ...slotAt(all, move.redirected.host.host) };
  if (redirected.held) handOver(all, redirected.host.host);
  return { ...move, redirected };
}

/** How the slot there stands that sdn-app used. */
export function slotAt({ leases, lost }: Everything, host: string): Pick<Redirected, 'way' | 'held' | 'health'> {
  const lease = leases[host];
  const way = lease?.way ?? 'armed';
  const until = lost[host];
  if (until === undefined) return { way, held: lease !== undefined && lease.is !== 'used', health: { is: 'alive' } };
  return { way, held: false, health: until === 0 ? { is: 'dead' } : { is: 'lost', leaseUntilMs: until } };
}

/** The slot is the hand-over's from now on. */
export function handOver({ leases }: Everything, host: string): void {
  const lease = leases[host];
  if (lease !== undefined) leases[host] = { ...lease, is: 'used' };
}

/** The record of a used lease goes once the hand-over has no need of it. */
export function forgetUsed({ leases, state, owner }: Everything): void {
  for (const [host, { is }] of Object.entries(leases))
    if (is === 'used' && (owner.host === host || !namedHosts(state).includes(host))) delete leases[host];
}
