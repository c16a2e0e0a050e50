/**
 * The slot of one vehicle, pure (DESIGN §6). Two epochs are kept: the highest *seen* (a command below it is refused) and
 * the one that *acts*, which an applied claim alone changes. So a preparation that fails leaves the old twin acting.
 */
export interface Order {
  readonly handover: string;
  readonly attempt: number;
  readonly epoch: number;
  /** Kept for a hand-over that may come: the epoch is the highest seen then, and this slot's by nothing but the lease. */
  readonly lease?: string;
}

export interface Acting {
  readonly epoch: number;
  /** Monotonic milliseconds; acting holds before this moment only. */
  readonly leaseUntilMs: number;
}

export type Slot =
  /** Nobody's. `released` and `lease` were let go here last: a late repetition of their orders must not take the slot again. */
  | { readonly at: 'free'; readonly seen: number; readonly released: number; readonly lease?: string }
  /** Prepared: stores, answers provisionally. */
  | { readonly at: 'reserved'; readonly seen: number; readonly order: Order }
  /** The twin. `order` may be a newer preparation than the one that acts. */
  | { readonly at: 'assigned'; readonly seen: number; readonly order: Order; readonly acting: Acting }
  /** Stood down for `order`; goes on storing until released. */
  | { readonly at: 'draining'; readonly seen: number; readonly order: Order };

export type Command =
  | { readonly do: 'prepare'; readonly order: Order }
  | { readonly do: 'activate'; readonly order: Order; readonly leaseMs: number }
  | { readonly do: 'drain'; readonly order: Order }
  | { readonly do: 'release'; readonly order: Order }
  | { readonly do: 'renew'; readonly epoch: number; readonly leaseMs: number };

export type Outcome = 'done' | 'unchanged' | 'stale' | 'absent';

/** A vehicle that this host has never heard of. */
export const UNSEEN: Slot = { at: 'free', seen: -1, released: -1 };

/**
 * `stale`: a newer epoch has been seen, or this one was stood down or let go. `absent`: the vehicle has no slot here.
 * `unchanged`: a repetition, or a lease that is not this slot's to renew.
 */
export function step(slot: Slot, command: Command, nowMs: number): [Slot, Outcome] {
  if (command.do === 'renew') return renew(slot, command.epoch, nowMs + command.leaseMs);
  const { order } = command;
  if (order.epoch < slot.seen) return [slot, 'stale'];
  switch (command.do) {
    case 'prepare':
      return order.lease === undefined ? prepare(slot, order) : keep(slot, order, order.lease);
    case 'activate':
      return activate(slot, order, nowMs + command.leaseMs);
    case 'drain':
      return drain(slot, order);
    case 'release':
      return release(slot, order);
  }
}

function prepare(slot: Slot, order: Order): [Slot, Outcome] {
  const { epoch } = order;
  if (slot.at === 'free')
    return epoch <= slot.released ? [slot, 'stale'] : [{ at: 'reserved', seen: epoch, order }, 'done'];
  if (epoch === slot.order.epoch && slot.order.lease === undefined)
    return [slot, slot.at === 'draining' ? 'stale' : 'unchanged'];
  if (slot.at === 'assigned') return [{ ...slot, seen: epoch, order }, 'done'];
  return [{ at: 'reserved', seen: epoch, order }, 'done'];
}

/** Arming burns no epoch: a slot that was let go at the highest epoch seen may be kept under a lease at that epoch. */
function keep(slot: Slot, order: Order, lease: string): [Slot, Outcome] {
  const kept: Slot = { at: 'reserved', seen: order.epoch, order };
  if (slot.at === 'free') return slot.lease === lease ? [slot, 'stale'] : [kept, 'done'];
  // Whoever has a hand-over's slot does not need one kept.
  if (slot.at !== 'reserved' || slot.order.lease === undefined) return [slot, 'stale'];
  return slot.order.lease === lease ? [slot, 'unchanged'] : [kept, 'done'];
}

function activate(slot: Slot, order: Order, leaseUntilMs: number): [Slot, Outcome] {
  const { epoch } = order;
  if (slot.at === 'free') return [slot, epoch <= slot.released ? 'stale' : 'absent'];
  // What stood down for this epoch does not act with it again.
  if (slot.at === 'draining' && epoch === slot.order.epoch) return [slot, 'stale'];
  const repeated = slot.at === 'assigned' && slot.acting.epoch === epoch;
  return [{ at: 'assigned', seen: epoch, order, acting: { epoch, leaseUntilMs } }, repeated ? 'unchanged' : 'done'];
}

function drain(slot: Slot, order: Order): [Slot, Outcome] {
  if (slot.at === 'free') return [{ ...slot, seen: order.epoch }, 'absent'];
  const repeated = slot.at === 'draining' && slot.order.epoch === order.epoch;
  return [{ at: 'draining', seen: order.epoch, order }, repeated ? 'unchanged' : 'done'];
}

function release(slot: Slot, order: Order): [Slot, Outcome] {
  const { epoch } = order;
  if (slot.at === 'free') return [{ at: 'free', seen: epoch, released: epoch, lease: order.handover }, 'unchanged'];
  const { lease } = slot.order;
  // The end of an earlier lease, late: a hand-over that lets a kept slot go has a higher epoch.
  if (lease !== undefined && epoch === slot.order.epoch && order.handover !== lease) return [slot, 'stale'];
  // Of a twin that acts with an older epoch only the newer preparation is cancelled: it goes on.
  if (slot.at === 'assigned' && slot.acting.epoch < epoch)
    return [{ ...slot, seen: epoch, order: { ...order, epoch: slot.acting.epoch } }, 'done'];
  return [{ at: 'free', seen: epoch, released: epoch, lease: order.handover }, 'done'];
}

function renew(slot: Slot, epoch: number, leaseUntilMs: number): [Slot, Outcome] {
  if (slot.at !== 'assigned' || slot.acting.epoch !== epoch) return [slot, 'unchanged'];
  return [{ ...slot, acting: { epoch, leaseUntilMs: Math.max(leaseUntilMs, slot.acting.leaseUntilMs) } }, 'done'];
}

/** Whether the holder may act as the twin now: answer for the vehicle without mark, speak to the car. */
export const acts = (slot: Slot, nowMs: number): boolean => slot.at === 'assigned' && nowMs < slot.acting.leaseUntilMs;
