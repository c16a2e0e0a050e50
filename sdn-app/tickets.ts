import type { StandbySlot } from '../protocol/api/sdn-app.js';
import { fault } from '../protocol/errors.js';

/** More of one domain are refused: a manager that asks for more has lost count. */
export const TICKETS_MAX = 1_024;

/** So many used leases are remembered after the manager's list has dropped them. */
const USED_MAX = 4_096;
/** Looked at when so many more have come: lists come with each move. */
const USED_SLACK = 256;

/**
 * Slots that no vehicle holds yet, per domain. Each is taken once: a list that was on its way when the slot was taken, or
 * that was overtaken by a newer one, must not offer it again.
 */
export class Tickets {
  #slots: readonly StandbySlot[] = [];
  readonly #used = new Set<string>();
  #untilMs = 0;

  /** Replaces the list. REQUEST_INVALID above {@link TICKETS_MAX} of one domain. */
  put(slots: readonly StandbySlot[], untilMs: number): void {
    for (const [domain, count] of counted(slots))
      if (count > TICKETS_MAX) throw fault('REQUEST_INVALID', `${count} tickets of ${domain}; at most ${TICKETS_MAX}`);
    this.#slots = slots;
    this.#untilMs = untilMs;
    if (this.#used.size <= USED_MAX + USED_SLACK) return;
    const named = new Set(slots.map(({ lease }) => lease));
    // the oldest first
    for (const lease of this.#used) {
      if (this.#used.size <= USED_MAX) return;
      if (!named.has(lease)) this.#used.delete(lease);
    }
  }

  /** A free one of the domain, not taken yet. */
  offer(domain: string, nowMs: number): StandbySlot | undefined {
    if (nowMs >= this.#untilMs) return undefined;
    return this.#slots.find(slot => slot.domain === domain && !this.#used.has(slot.lease));
  }

  take(lease: string): void {
    this.#used.add(lease);
  }

  /** Free ones by domain. */
  free(nowMs: number): ReadonlyMap<string, number> {
    return counted(nowMs >= this.#untilMs ? [] : this.#slots.filter(({ lease }) => !this.#used.has(lease)));
  }
}

function counted(slots: readonly StandbySlot[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { domain } of slots) counts.set(domain, (counts.get(domain) ?? 0) + 1);
  return counts;
}
