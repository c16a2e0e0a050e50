import type { ClockSource } from '../../protocol/report.js';
import type { AgentTold } from './agent-told.js';
import type { CarStatus } from '../sampling/car-status.js';

/** What the doctor saw, before anybody says what it means. Plain data: `--json` shows it as it is. */
export interface Observations {
  /** UTC, RFC 3339. */
  readonly takenAt: string;
  readonly vehicle?: string;
  readonly agent: AgentSeen;
  readonly car: CarSeen;
  readonly gps: GpsSeen;
  readonly clock: ClockSeen;
  readonly outbox: OutboxSeen;
  readonly manager: ManagerSeen;
  readonly twin: TwinSeen;
}

/** Who measured: the doctor itself, or the agent that runs and holds adapter and socket. */
export type By = 'doctor' | 'agent';

export type AgentSeen =
  | { readonly at: 'off' }
  | { readonly at: 'told'; readonly pid?: number; readonly status: AgentTold }
  /** It runs, and nobody can ask it. */
  | { readonly at: 'mute'; readonly pid: number; readonly why: 'no-listen' | 'no-answer' };

export type CarSeen =
  /** The settings name no adapter. */
  | { readonly at: 'none' }
  /** An agent that tells nothing has it. */
  | { readonly at: 'held' }
  | { readonly at: 'unreachable'; readonly where: string; readonly code: string; readonly say: string }
  | {
      readonly at: 'seen';
      readonly by: By;
      readonly car: CarStatus;
      /** From which on the engine runs, by the settings. */
      readonly runningV: number;
      /** The adapter's words where the car could not be reached. */
      readonly trouble?: string;
      /** Stored in the car. */
      readonly troubleCodes?: readonly string[];
      readonly engineRpm?: number;
      readonly hasPrompts?: boolean;
      readonly takesCounts?: boolean;
    };

export type GpsSeen =
  | { readonly at: 'none' }
  | { readonly at: 'held' }
  | { readonly at: 'unreachable'; readonly where: string; readonly say: string }
  | {
      readonly at: 'seen';
      readonly by: By;
      readonly where: string;
      readonly status: NonNullable<AgentTold['gps']>;
      readonly satellites?: number;
      readonly hdop?: number;
    };

export interface ClockSeen {
  readonly utcMs: number;
  /** The machine says so (systemd-timesyncd, chrony), or the settings do. */
  readonly synchronised: boolean;
  /** The receiver's time is ahead of the system's by so much; absent: it vouched for none. */
  readonly receiverAheadMs?: number;
  /** What the running agent stamps by. */
  readonly agent?: ClockSource | 'waiting';
}

export type OutboxSeen =
  | { readonly at: 'none' }
  | { readonly at: 'missing'; readonly folder: string }
  | { readonly at: 'unreadable'; readonly folder: string; readonly code: string; readonly say: string }
  | {
      readonly at: 'seen';
      readonly folder: string;
      /** Whose it is; absent: no agent has begun there. */
      readonly vehicle?: string;
      /** Reports that wait. */
      readonly pending: number;
      /** Age of the oldest of them, by its own time. */
      readonly oldestMs?: number;
      readonly bytes: number;
      readonly maxBytes: number;
      /** Bytes that are no records: the torn end of a write, or damage. */
      readonly damagedBytes: number;
      readonly freeBytes?: number;
      /** The agent cannot write at this moment. */
      readonly failing?: boolean;
    };

export type ManagerSeen =
  | { readonly at: 'none' }
  /** There may be several; those that do not lead answer, too. */
  | {
      readonly at: 'asked';
      readonly reached: readonly { readonly url: string; readonly rttMs: number }[];
      readonly away: readonly { readonly url: string; readonly say: string }[];
    };

export type TwinSeen =
  /** The vehicle was never registered, or it is not known. */
  | { readonly at: 'none' }
  /** An agent that tells nothing has the socket; who else asks might be taken for the car. */
  | { readonly at: 'held'; readonly address: string }
  | { readonly at: 'silent'; readonly by: By; readonly address: string; readonly say: string }
  | { readonly at: 'answered'; readonly by: By; readonly address: string; readonly rttMs: number };
