import type { CasOutcome, OwnerRow } from '../../store/types.js';

/** Who claims: two claims of one epoch are the same claim where this is the same. */
export type Claimant = string;

/** What the register of ownership of one vehicle holds. */
export interface Owned {
  readonly epoch: number;
  readonly by: Claimant;
}

/**
 * One call as its client saw it. Times are monotonic milliseconds of one clock. A claim of outcome `unknown` was given up at
 * `completedAtMs`; it may take effect at any time later, or never. Reads that failed tell nothing and are left out.
 */
export type Operation = { readonly invokedAtMs: number; readonly completedAtMs: number } & (
  (Owned & { readonly do: 'claim'; readonly outcome: CasOutcome }) | (Owned & { readonly do: 'read' })
);

/** The calls of all clients to the register of one vehicle that held `first` before the first of them. */
export interface History {
  readonly first: Owned;
  readonly operations: readonly Operation[];
}

/** One epoch that was given to a client. Burns that failed are left out: nobody was given their epoch. */
export interface Burn {
  readonly epoch: number;
  readonly invokedAtMs: number;
  readonly completedAtMs: number;
}

/** What no order of the calls explains. */
export interface Violation {
  readonly rule:
    | 'two winners of one epoch'
    | 'an owner that nobody claimed'
    | 'the epoch went back'
    | 'a claim refused without a reason'
    | 'an epoch burnt twice'
    | 'a later burn is lower';
  /** The epochs and times of it, for people. */
  readonly detail: string;
}

export const claimantOf = ({ handover, attempt, host }: OwnerRow): Claimant => `${handover}/${attempt} at ${host}`;
