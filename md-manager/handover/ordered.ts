import { begin, remember, twinServes } from './attempt.js';
import type { HandoverEvent } from './state.js';
import type { Work } from './work.js';

/**
 * Somebody orders a hand-over that no move has caused: an operator, or the drain of a host. One that is under way, or waits for
 * its dwell, comes first: whoever ordered looks again. A car that stays where it is keeps its attachment; its next move
 * leads its twin as any other would.
 */
export function onOrdered(w: Work, order: HandoverEvent & { type: 'ordered' }): void {
  const { id, kind, domains } = order;
  const { seen, run, next, twin } = w.s;
  const [toDomain] = domains;
  if (toDomain === undefined || seen.includes(id) || run !== undefined || next !== undefined) return;
  // Without a twin that serves there is a hand-over of another kind, or about to be.
  if (!twinServes(w)) return;
  if (kind === 'ordered' && twin.host.domain === toDomain) return;
  remember(w, id);
  begin(w, { id, kind, toDomain, phases: {}, domains });
}
