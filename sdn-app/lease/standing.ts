import type { ServiceLease } from '../../protocol/api/md-manager.js';

/**
 * Whether this sdn-app is the active one, as a pure machine (docs/decisions/sdn-lease.md). Only an answer of the manager
 * makes it active; only an answer that names another holder, or a switch that has a higher term, ends that. A manager that
 * is away changes nothing: nobody else can get a higher term meanwhile.
 */
export type Standing =
  | {
      readonly at: 'standby';
      /** Who is active, as far as the manager has said. */
      readonly active?: { readonly url: string; readonly term: number };
      /** A switch knows a higher term than this: it is not taken up again. */
      readonly fencedTerm?: number;
    }
  | { readonly at: 'active'; readonly term: number };

export type LeaseEvent =
  | { readonly type: 'told'; readonly lease: Pick<ServiceLease, 'holder' | 'url' | 'term'> }
  /** A switch refused what this term ordered: somebody leads it with a higher one. */
  | { readonly type: 'fenced'; readonly term: number };

export const STANDBY: Standing = { at: 'standby' };

/** The same object where nothing changes. */
export function stand(standing: Standing, event: LeaseEvent, self: string): Standing {
  if (event.type === 'fenced')
    return standing.at === 'active' && standing.term === event.term
      ? { at: 'standby', fencedTerm: event.term }
      : standing;
  const { holder, url, term } = event.lease;
  const fencedTerm = standing.at === 'standby' ? standing.fencedTerm : undefined;
  const fence = fencedTerm === undefined ? {} : { fencedTerm };
  if (holder !== self) {
    if (standing.at === 'active' && term < standing.term) return standing; // a late answer: that term is over
    const same = standing.at === 'standby' && standing.active?.url === url && standing.active.term === term;
    return same ? standing : { at: 'standby', active: { url, term }, ...fence };
  }
  if (fencedTerm !== undefined && term <= fencedTerm) return standing;
  return standing.at === 'active' && standing.term >= term ? standing : { at: 'active', term };
}
