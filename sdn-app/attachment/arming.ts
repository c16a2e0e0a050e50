import type { StandbySlot } from '../../protocol/api/sdn-app.js';
import type { Event, Offer, Step } from './events.js';
import { sameSource, type Located, type Redirected, type State } from './state.js';

/**
 * What a vehicle may use by itself when it enters another domain (DESIGN §6): a standby slot whose route is in the switch,
 * or a ticket. The manager sends it while the vehicle is at rest; it ends with the first move into another domain, because
 * from then on a hand-over runs.
 */

/** The manager's word. A vehicle that is between two places gets nothing new: the manager did not know of that move. */
export function armed(state: State, event: Extract<Event, { type: 'arming' }>, nowMs: number): Step {
  const { slots, tickets, untilMs } = event;
  const { arming, ...rest } = state;
  const atRest = state.at === 'attached' || state.at === 'dual-homed';
  const isNothing = (slots.length === 0 && !tickets) || nowMs >= untilMs;
  if (isNothing || state.at === 'waiting' || (!atRest && arming === undefined)) return [rest];
  // the same slots for longer are no reason to look at the flows
  const kept = arming !== undefined && sameSlots(arming.slots, slots) ? arming.slots : slots;
  return [{ ...state, arming: { slots: kept, tickets, untilMs } }];
}

const sameSlots = (a: readonly StandbySlot[], b: readonly StandbySlot[]): boolean =>
  a.length === b.length &&
  a.every(({ lease, host }) =>
    b.some(other => other.lease === lease && other.host.address === host.address && other.host.port === host.port),
  );

export function expireArming(state: State, nowMs: number): State {
  const { arming, ...rest } = state;
  return arming === undefined || nowMs < arming.untilMs ? state : rest;
}

/** Whether a move makes the manager begin a hand-over: into another domain, and not back to the twin's own. */
export const crosses = (state: State, { domain }: Located, { twinDomain }: Pick<Offer, 'twinDomain'>): boolean =>
  domain !== twinDomain && (state.at === 'waiting' || domain !== state.here.domain);

/** The slot that a validated move uses, if it may use one. */
export function slotFor(
  state: State,
  to: Located & { readonly detectedAtMs: number },
  offer: Offer,
  nowMs: number,
): Redirected | undefined {
  const { arming } = state;
  // the first frame is an ordinary hand-over of its own kind
  if (arming === undefined || nowMs >= arming.untilMs || state.at === 'waiting' || !crosses(state, to, offer))
    return undefined;
  const slot = arming.slots.find(({ domain }) => domain === to.domain);
  if (slot !== undefined) {
    // the armed route matches the known source: another one went to the twin, and is redirected by the bundle
    const byFrame = sameSource(state.here.place, to.place);
    return { way: 'armed', slot, ...(byFrame ? { byFrameAtMs: to.detectedAtMs } : {}) };
  }
  const { ticket } = offer;
  return arming.tickets && ticket?.domain === to.domain ? { way: 'ticket', slot: ticket } : undefined;
}
