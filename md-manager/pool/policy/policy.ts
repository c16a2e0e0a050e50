import { rateOf, type Demand } from './demand.js';
import { slotsFor } from './erlang.js';

/** How many slots a pool keeps ready. */
export type PoolPolicy =
  | { readonly kind: 'fixed' }
  /** As many as vehicles are foreseen to need, beside those for hand-overs that come without notice. */
  | { readonly kind: 'prediction'; readonly mostSlots: number }
  | {
      readonly kind: 'hit-rate';
      /** Share of requests that are to find a ready slot, below 1. */
      readonly target: number;
      /** How fast the past is forgotten. */
      readonly halfLifeMs: number;
      /** Taken for the time to get ready until one was seen. */
      readonly startMs: number;
      readonly mostSlots: number;
    };

/**
 * Slots that are to be ready in a domain now. `least`: never fewer, whatever the demand (the setting of the fixed policy); `expected`:
 * vehicles that are foreseen to enter it and hold no slot there yet. Derived in docs/decisions/pool-sizing.md: each request takes
 * a slot and orders another, so the slots on order are the busy servers of Erlang's loss system.
 */
export function slotsWanted(policy: PoolPolicy, least: number, demand: Demand, expected = 0): number {
  if (policy.kind === 'fixed') return least;
  const { mostSlots } = policy;
  if (policy.kind === 'prediction') return Math.max(least, Math.min(mostSlots, least + expected));
  const { target, halfLifeMs, startMs } = policy;
  const load = rateOf(demand, halfLifeMs) * (demand.startMs || startMs);
  return Math.min(mostSlots, Math.max(least, slotsFor(load, 1 - target)));
}
