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
      /** A term that it has acted under, and that is over: neither it nor a lower one is taken up again. */
      readonly overTerm?: number;
      /** A switch ended it, not the manager. */
      readonly fenced?: true;
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
      ? { at: 'standby', overTerm: event.term, fenced: true }
      : standing;
  const { holder, url, term } = event.lease;
  if (standing.at === 'active') {
    // an answer of an older term is a late one
    if (term < standing.term || (holder === self && term === standing.term)) return standing;
    return holder === self ? { at: 'active', term } : { at: 'standby', active: { url, term }, overTerm: standing.term };
  }
  const { overTerm } = standing;
  if (holder === self) return overTerm !== undefined && term <= overTerm ? standing : { at: 'active', term };
  if (standing.active?.url === url && standing.active.term === term) return standing;
  return { at: 'standby', active: { url, term }, ...(overTerm === undefined ? {} : { overTerm }) };
}
