import type { Attachment, CommandHeader, HostRef, Way } from '../../protocol/api/common.js';
import type { HandoverRecord } from '../../protocol/api/md-manager.js';
import type { Digest } from '../../protocol/api/vmd.js';

/** Release of the state's form in the ledger; a row of another release is not continued. */
export const STATE_SCHEMA = 1;

/** What is known about the life of a host. `lost`: out of reach, and it may go on acting until its lease has run out. */
export type Health =
  { readonly is: 'alive' } | { readonly is: 'lost'; readonly leaseUntilMs: number } | { readonly is: 'dead' };

/** The twin of the day: where the switch sends to, and who acts (or is about to, once activated). */
export interface Twin {
  readonly host: HostRef;
  /** Epoch of the redirect that leads there. */
  readonly epoch: number;
  /** Epoch of the owner row. */
  readonly actingEpoch: number;
  /** Whether it was ever told to act: only then must others wait for its end. */
  readonly acts: boolean;
  readonly health: Health;
}

/**
 * A slot on its way out: standing down (may still act) → draining (stores what is under way) → retiring (its way out is
 * removed) → releasing. A lost or dead host skips what only it could do.
 */
export interface Leaving {
  readonly host: HostRef;
  readonly handover: string;
  readonly attempt: number;
  readonly way: Way;
  readonly stage: 'standingDown' | 'draining' | 'retiring' | 'releasing';
  /** Whether the switch may hold flows for it. */
  readonly wayOut: boolean;
  readonly reachable: boolean;
  /** End of its lease, or of the time to drain; absent: no deadline. */
  readonly untilMs?: number;
}

/** Where the device went, by sdn-app's word; begins a hand-over, now or later. */
export interface Move {
  readonly id: string;
  readonly to: Attachment;
  readonly first: boolean;
  readonly phases: HandoverRecord['phases'];
  readonly redirected?: Redirected;
}

/**
 * The flow went to this host by sdn-app's own hand, at highest seen + 1 (ways `armed` and `ticket`). The record of the lease
 * under which the slot was kept is the intent: the hand-over rolls forward from its first moment.
 */
export interface Redirected {
  readonly way: 'armed' | 'ticket';
  readonly host: HostRef;
  readonly epoch: number;
  readonly atMs: number;
  /** For the ledger: the lease, and what its slot was kept for. */
  readonly standby?: { readonly lease: string; readonly reason: string };
  /** Whether the slot there is this vehicle's; not, where its lease had ended or its host was lost. */
  readonly held: boolean;
  readonly health: Health;
}

export type RedirectedMove = Move & { readonly redirected: Redirected };

/** Where a hand-over stands. `target` is a slot that this attempt holds. */
export type Stage =
  | { readonly at: 'reserving' }
  | { readonly at: 'ordering'; readonly untilMs: number }
  | { readonly at: 'pausing'; readonly untilMs: number }
  | { readonly at: 'burning'; readonly target: HostRef }
  | {
      readonly at: 'preparing';
      readonly target: HostRef;
      readonly epoch: number;
      readonly intentDurable: boolean;
      readonly prepared: boolean;
      readonly untilMs: number;
    }
  | { readonly at: 'redirecting'; readonly target: HostRef; readonly epoch: number }
  /**
   * The flow goes there already, by sdn-app's own hand. Before the claim this hand-over is on disk (the next manager must
   * know who acted until now) and the host is ready.
   */
  | {
      readonly at: 'readying';
      readonly target: HostRef;
      readonly epoch: number;
      readonly recorded: boolean;
      readonly prepared: boolean;
      readonly untilMs: number;
    }
  /**
   * `lost`: what became of the target while the claim was under way; its outcome is awaited all the same. `then`: sdn-app
   * redirected the flow once more meanwhile.
   */
  | {
      readonly at: 'claiming';
      readonly target: HostRef;
      readonly epoch: number;
      readonly lost?: Health;
      readonly then?: RedirectedMove;
    }
  /** The claim is applied, `twin` is the new host; it acts once no older one may. */
  | { readonly at: 'activating'; readonly epoch: number; readonly sent: boolean; readonly digest?: Digest }
  | { readonly at: 'settling'; readonly epoch: number; readonly untilMs: number }
  /** "Stay" after a redirect was sent: the flow goes back to the old twin, under a new epoch. */
  | { readonly at: 'returning'; readonly reason: string; readonly epoch?: number; readonly intentDurable: boolean };

export interface Run {
  readonly record: HandoverRecord;
  /** Where slots are looked for, best first; the first is where a host is ordered. */
  readonly domains: readonly string[];
  /** Hosts that failed this hand-over. */
  readonly avoid: readonly string[];
  readonly stage: Stage;
  /** An intent is durable: from here on it rolls forward. */
  readonly intended: boolean;
  /** A redirect was sent: the switch may point to a target. */
  readonly redirectSent: boolean;
  /** Since the claim was sent sdn-app has taken the flow back to the host that was the twin then. */
  readonly flowLeft?: true;
  /** The target of this attempt has stored a report. */
  readonly reported: boolean;
}

/** All that the machine knows of one vehicle; plain data, kept as JSON in the ledger. */
export interface VehicleState {
  readonly vehicle: string;
  readonly number: number;
  readonly term: number;
  readonly twin: Twin;
  readonly attachment?: Attachment;
  /** The highest epoch that this vehicle's commands have carried. */
  readonly highestEpoch: number;
  readonly lastStartedAtMs?: number;
  readonly run?: Run;
  /** The latest move that could not begin yet. */
  readonly next?: Move;
  readonly leaving: readonly Leaving[];
  /** Hand-over ids seen lately, so that a repeated message changes nothing. */
  readonly seen: readonly string[];
}

/** Names the attempt that an answer belongs to; answers to an older one are late. */
export interface Of {
  readonly handover: string;
  readonly attempt: number;
}

export type HandoverEvent =
  | { readonly type: 'attachmentChanged'; readonly move: Move }
  | { readonly type: 'slotReserved'; readonly of: Of; readonly host: HostRef }
  | { readonly type: 'poolEmpty'; readonly of: Of }
  | { readonly type: 'hostReady'; readonly domain: string }
  | { readonly type: 'orderFailed'; readonly domain: string }
  | { readonly type: 'epochBurnt'; readonly of: Of; readonly epoch: number }
  | { readonly type: 'intentDurable'; readonly of: Of }
  | { readonly type: 'prepared'; readonly of: Of }
  | { readonly type: 'prepareFailed'; readonly of: Of }
  | { readonly type: 'redirected'; readonly of: Of }
  /** sdn-app has seen a newer epoch. */
  | { readonly type: 'redirectStale'; readonly of: Of }
  | { readonly type: 'claimed'; readonly of: Of; readonly outcome: 'applied' | 'refused' | 'unknown' }
  | { readonly type: 'ownerRead'; readonly of: Of; readonly owner: Of & { readonly epoch: number } }
  | { readonly type: 'activated'; readonly of: Of }
  | { readonly type: 'activateRefused'; readonly of: Of }
  | { readonly type: 'stoodDown'; readonly host: string; readonly digest?: Digest }
  | { readonly type: 'firstReport'; readonly host: string; readonly epoch: number }
  | { readonly type: 'drained'; readonly host: string }
  | { readonly type: 'retired'; readonly host: string }
  | { readonly type: 'retireStale'; readonly host: string }
  | { readonly type: 'released'; readonly host: string }
  /** `id` is for the hand-over that this may begin. */
  | {
      readonly type: 'hostLost';
      readonly host: string;
      readonly dead: boolean;
      readonly leaseUntilMs: number;
      readonly id: string;
    }
  /** A hand-over without a move: `drain`: away from its host; `ordered`: by an operator. Best domain first. */
  | {
      readonly type: 'ordered';
      readonly id: string;
      readonly kind: 'drain' | 'ordered';
      readonly domains: readonly string[];
    }
  | { readonly type: 'tick' }
  /** After a restart: asks again for whatever the state waits for. */
  | { readonly type: 'resumed' };

/** What the runner does. Doing one twice changes nothing; the answer comes back as an event. */
export type Effect =
  | {
      readonly do: 'reserve';
      readonly of: Of;
      readonly domains: readonly string[];
      readonly anywhere: boolean;
      readonly avoid: readonly string[];
    }
  | { readonly do: 'orderHost'; readonly domain: string }
  /** `above`: the epoch is to be higher than this, whoever used it. */
  | { readonly do: 'burnEpoch'; readonly of: Of; readonly above: number }
  /** The one durable write before the swap: the state as it is now. */
  | { readonly do: 'putIntent'; readonly of: Of }
  | { readonly do: 'prepare'; readonly header: CommandHeader; readonly host: HostRef }
  | { readonly do: 'redirect'; readonly header: CommandHeader; readonly host: HostRef }
  | { readonly do: 'claim'; readonly header: CommandHeader; readonly host: HostRef }
  | { readonly do: 'readOwner'; readonly of: Of }
  | { readonly do: 'activate'; readonly header: CommandHeader; readonly host: HostRef; readonly digest?: Digest }
  | { readonly do: 'drain'; readonly header: CommandHeader; readonly host: HostRef; readonly graceMs: number }
  | { readonly do: 'retire'; readonly header: CommandHeader; readonly host: HostRef }
  | { readonly do: 'release'; readonly header: CommandHeader; readonly host: HostRef }
  /** The slot is free (or its host is gone) without a command to the host. */
  | { readonly do: 'free'; readonly host: string }
  /** A hand-over has ended: its last word for the ledger. */
  | { readonly do: 'record'; readonly record: HandoverRecord };

/** Times of the machine, all in milliseconds. */
export interface Timing {
  /** Hand-overs of one vehicle start at least this far apart. */
  readonly dwellMs: number;
  /** A draining slot is silent for this long before it is done. */
  readonly graceMs: number;
  readonly drainMaxMs: number;
  readonly prepareMs: number;
  /** How long MANO may take for a host. */
  readonly orderMs: number;
  /** How long a new twin waits for its first report before the hand-over may end without. */
  readonly settleMs: number;
  /** Pause before a vehicle without any twin looks for a slot again. */
  readonly pauseMs: number;
}

export const DEFAULT_TIMING: Timing = {
  dwellMs: 2_000,
  graceMs: 2_000,
  drainMaxMs: 30_000,
  prepareMs: 2_000,
  orderMs: 30_000,
  settleMs: 1_000,
  pauseMs: 500,
};
