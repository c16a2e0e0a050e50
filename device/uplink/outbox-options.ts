import type { Clock, Timers } from '../../common/clock.js';
import type { Log } from '../../common/log.js';
import type { ReportId } from '../../protocol/report.js';
import type { Disk } from './disk.js';
import type { Key } from './key.js';
import type { Stamp } from '../clock/time-base.js';

export interface OutboxOptions {
  readonly disk: Disk;
  readonly vehicle: string;
  /** Value of META.proof for a report; absent: reports carry none. */
  readonly prove?: (id: ReportId) => string;
  /** The boot to use, given the highest that the segments know (0 where none). Durable when it resolves. */
  readonly nextBoot: (highestKnown: number) => Promise<number>;
  /** Offset from monotonic time to UTC, undefined while reports have to wait for a clock. */
  readonly stamp: () => Stamp | undefined;
  /** What the stamp is where nobody vouches for the time. */
  readonly estimate: () => Stamp;
  /** UTC of now where somebody vouches for it: only by such a time is a report too old. */
  readonly trustedMs: () => number | undefined;
  /** Reports that are older are given up, and declared. */
  readonly maxAgeMs: number;
  readonly maxBytes: number;
  /** Reports are synced after this time or 16 reports, whichever comes first. */
  readonly syncMs: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
}

export interface OutboxStatus {
  /** Newest seq handed out in this boot. */
  readonly sampled: number;
  /** Newest seq that is durable. */
  readonly accepted: number;
  /** Reports that are not settled, of all boots. */
  readonly pending: number;
  readonly waitingForClock: number;
  readonly diskBytes: number;
  /** Since the start; for the wear of the disk. */
  readonly writtenBytes: number;
  /** Bytes found at the start that were no records: the torn end of a write, or damage. */
  readonly damagedBytes: number;
  /** The last write failed; it is tried again. */
  readonly failing: boolean;
}

export interface OutboxListener {
  /** Synced with frozen bytes: these may be sent. */
  onSendable(reports: readonly SendableReport[]): void;
  /** Given up at the bound: these must not be sent any more. */
  onDropped(keys: readonly Key[]): void;
}

export interface SendableReport {
  readonly key: Key;
  readonly bytes: Uint8Array;
}
