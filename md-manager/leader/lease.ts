import { MANAGER_SERVICE, type ServiceLeaseRow } from '../../store/types.js';

/** The lease of the leader (docs/decisions/leadership.md): pure. Times are monotonic milliseconds of whoever looks. */

export const SERVICE = MANAGER_SERVICE;

/** What somebody has seen of the lease, and since when it has been so. */
export interface Seen {
  readonly row: ServiceLeaseRow | undefined;
  readonly sinceMs: number;
}

/** The same object where the lease has not been renewed since. */
export function look(seen: Seen | undefined, row: ServiceLeaseRow | undefined, nowMs: number): Seen {
  return seen !== undefined && isSame(seen.row, row) ? seen : { row, sinceMs: nowMs };
}

/**
 * Whether somebody else may lead now: nobody ever did, the leader gave it back, its process is `gone` for sure, or it was seen to
 * stand still for its whole time.
 */
export function isFree({ row, sinceMs }: Seen, nowMs: number, gone: boolean): boolean {
  return row === undefined || row.ttlMs === 0 || gone || nowMs - sinceMs >= row.ttlMs;
}

/** When it will have stood still for its whole time, from now; 0 where that is so, or nobody holds it. */
export const freeInMs = ({ row, sinceMs }: Seen, nowMs: number): number =>
  Math.max(0, sinceMs + (row?.ttlMs ?? 0) - nowMs);

/**
 * How long a leader acts on a renewal, counted from before it was sent: others count from when they see it, which is later, and a
 * fifth is left for clocks that do not go alike.
 */
export const actsForMs = (ttlMs: number): number => ttlMs * 0.8;

/** So often it renews: three may fail. */
export const renewEveryMs = (ttlMs: number): number => ttlMs / 5;

const isSame = (a: ServiceLeaseRow | undefined, b: ServiceLeaseRow | undefined): boolean =>
  a?.holder === b?.holder && a?.term === b?.term && a?.beat === b?.beat && a?.ttlMs === b?.ttlMs;
