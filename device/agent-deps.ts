import type { Clock, Timers } from '../common/clock.js';
import type { Log } from '../common/log.js';
import type { Metrics } from '../common/metrics.js';
import type { HttpClient } from '../protocol/api/http-client.js';
import type { CoapEndpoint, CoapHandler, Peer } from '../protocol/coap/types.js';
import type { MetricName } from '../protocol/metrics.js';
import type { ClockSource } from '../protocol/report.js';
import type { DesiredSettings, ReportedSettings } from '../protocol/settings.js';
import type { GpsAnswer } from './gps/gps-loop.js';
import type { GpsSource } from './gps/gps-source.js';
import type { OpenLink } from './obd/types.js';
import type { CarStatus } from './sampling/car-status.js';
import type { Disk } from './uplink/disk.js';
import type { Witness } from './uplink/witness.js';

/** The world of one agent. */
export interface AgentDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
  /** 128 random bits in hex. */
  readonly newKey: () => string;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
  readonly disk: Disk;
  readonly manager: Pick<HttpClient, 'call'>;
  readonly witness?: Witness;
  /** The one socket of the device: reports go out of it, and its twin asks there. */
  readonly openEndpoint: (bind: Peer, handler: CoapHandler) => Promise<CoapEndpoint>;
  /** Absent: no car is read. */
  readonly openObdLink?: OpenLink;
  /** Absent: no receiver is read. */
  readonly gps?: GpsSource;
  readonly isSystemClockSynchronised: () => Promise<boolean>;
  /** Milliseconds since the machine started, those in which it slept included. Absent: it never sleeps. */
  readonly sinceStartMs?: () => number;
  /** Called once with who takes what the vehicle is to be set to, where that comes otherwise than with acknowledgements. */
  readonly onTaker?: (take: (desired: DesiredSettings) => void) => void;
}

/** What `/v1/status` shows. */
export interface AgentStatus {
  readonly vehicle: string;
  readonly boot: number;
  /** Newest seq handed out. */
  readonly seq: number;
  readonly sampled: number;
  readonly accepted: number;
  /** Since this start. */
  readonly acknowledged: number;
  readonly resent: number;
  readonly queue: number;
  /** Datagrams of reports. */
  readonly underWay: number;
  readonly diskBytes: number;
  /** To the outbox since this start: the wear of the disk. */
  readonly writtenBytes: number;
  /** The last write failed; reports wait in memory, and none is sent. */
  readonly diskFailing: boolean;
  /** Mean time until the twin answers; absent before the first answer. */
  readonly roundTripMs?: number;
  /** Absent: no receiver is read. */
  readonly gps?: GpsAnswer;
  readonly clock: ClockSource | 'waiting';
  /** Absent until the device is registered. */
  readonly twin?: string;
  /** Whether the car is read. */
  readonly obd: boolean;
  /** Absent where no car is read. */
  readonly car?: CarStatus;
  /** What an operator has set, and what became of it; version 0: nothing. */
  readonly settings: ReportedSettings;
}

export interface AgentHooks {
  /** The socket is bound and the outbox recovered or waiting for a registration. */
  readonly onReady?: (address: string) => void;
  /** Called once the agent can tell its status. */
  readonly onStatus?: (status: () => AgentStatus) => void;
  /** Asked before each report: while it says no, nothing is sampled into reports, and what is queued is still sent. */
  readonly isSampling?: () => boolean;
}
