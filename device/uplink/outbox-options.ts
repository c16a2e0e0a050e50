import type { Clock, Timers } from '../../common/clock.js';
import type { Log } from '../../common/log.js';
import type { ReportId } from '../../protocol/report.js';
import type { Disk } from './disk.js';
import type { Key } from './records.js';
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
  readonly maxBytes: number;
  /** Reports are synced after this time or 16 reports, whichever comes first. */
  readonly syncMs: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
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
