import type { CookieSlice, Flow } from '../flow-switch.js';

/**
 * `ofctl_rest` always sends generation id 0, so that OpenFlow's own fence cannot be used. The term is kept in the switch
 * nevertheless: as the cookie of a flow in a table that no packet comes to, one flow a term.
 */
const TERM_TABLE = 253;
/** Above every cookie of ours (cookie.ts of redirect), below 2^53. */
const TERM_BIT = 2 ** 52;
const PRIORITY_MAX = 2 ** 16;

/** Where flows with terms are, and no others. */
export const TERMS: CookieSlice = { cookie: TERM_BIT, mask: TERM_BIT };

export const termFlow = (term: number): Flow => ({
  table: TERM_TABLE,
  priority: term % PRIORITY_MAX,
  cookie: TERM_BIT + term,
  match: {},
  actions: [],
});

export const isTermFlow = ({ table, cookie }: Pick<Flow, 'table' | 'cookie'>): boolean =>
  table === TERM_TABLE && cookie >= TERM_BIT;

export const highestTerm = (flows: readonly Flow[]): number =>
  Math.max(0, ...flows.filter(isTermFlow).map(({ cookie }) => cookie - TERM_BIT));
