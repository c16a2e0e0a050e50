import type { HostRef } from '../../protocol/api/common.js';
import type { StandbyRow } from '../../store/types.js';
import type { Kept } from './plan.js';

/**
 * A standby slot and the lease that it is kept under.
 * preparing (nobody was told) → offered (sdn-app may have been told) → withdrawn (until sdn-app has let go of it) → freeing;
 * or used: it is a hand-over's, and the row is its intent until its claim.
 */
export interface Lease {
  readonly row: StandbyRow;
  readonly host: HostRef;
  /** That the slot was prepared with: the highest seen then. */
  readonly epoch: number;
  readonly stage: 'preparing' | 'offered' | 'withdrawn' | 'freeing' | 'used';
  /** The host is gone, and the slot with it. */
  readonly lost: boolean;
  /** Monotonic milliseconds: sdn-app may use it until then at the latest. Absent: it was never told of it. */
  readonly usableUntilMs?: number;
  /** For the count: why it was withdrawn. */
  readonly why: 'withdrawn' | 'refused' | 'lost';
}

export const isKept = ({ stage }: Lease): boolean => stage === 'preparing' || stage === 'offered';
export const isLeaving = ({ stage }: Lease): boolean => stage === 'withdrawn' || stage === 'freeing';

/** Nobody but a hand-over of its own can come to use it any more. */
export const isOver = ({ usableUntilMs }: Lease, nowMs: number): boolean =>
  usableUntilMs === undefined || usableUntilMs <= nowMs;

export function keptOf({ row: { lease, domain, vehicle } }: Lease): Kept {
  return { lease, domain, ...(vehicle === undefined ? {} : { vehicle }) };
}
