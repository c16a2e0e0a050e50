import type { ServiceLeaseRequest } from '../../protocol/api/md-manager.js';

/** Who is the active one of a service (DESIGN §5, leases): pure. Times are monotonic milliseconds. */

export interface HeldLease {
  readonly holder: string;
  readonly url: string;
  readonly term: number;
  readonly ttlMs: number;
  readonly untilMs: number;
}

/**
 * What becomes of the lease when somebody asks for it. Its holder keeps it, even late, as long as nobody else got it; somebody
 * else gets it once its time is over, and the term rises then. What differs in more than `untilMs` must be durable before
 * the answer leaves.
 */
export function ask(held: HeldLease | undefined, request: ServiceLeaseRequest, nowMs: number): HeldLease {
  const { holder, url, ttlMs } = request;
  const untilMs = nowMs + ttlMs;
  if (held === undefined) return { holder, url, term: 1, ttlMs, untilMs };
  if (held.holder === holder) return { ...held, url, ttlMs, untilMs: Math.max(untilMs, held.untilMs) };
  // who has just begun to listen at the holder's address has taken its place there already
  const isSuccessor = request.begins === true && held.url === url;
  if (held.untilMs > nowMs && !isSuccessor) return held;
  return { holder, url, term: held.term + 1, ttlMs, untilMs };
}

export const isSameRecord = (a: HeldLease | undefined, b: HeldLease): boolean =>
  a?.holder === b.holder && a.url === b.url && a.term === b.term && a.ttlMs === b.ttlMs;
