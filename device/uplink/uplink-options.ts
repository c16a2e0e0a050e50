import type { Clock, Timers } from '../../common/clock.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import type { CoapEndpoint, Peer } from '../../protocol/coap/types.js';
import type { MetricName } from '../../protocol/metrics.js';
import type { DesiredSettings } from '../../protocol/settings.js';
import type { Outbox } from './outbox.js';
import type { RejectedFile } from './rejected-file.js';
import type { RoundTrip } from './round-trip.js';
import type { UplinkFamily } from './twin-address.js';
import type { Witness } from './witness.js';

export interface UplinkOptions {
  readonly vehicle: string;
  readonly endpoint: Pick<CoapEndpoint, 'request'>;
  /** By which address of the twin; that of the endpoint. Default IPv4. */
  readonly family?: UplinkFamily;
  readonly outbox: Outbox;
  readonly rejected: RejectedFile;
  readonly witness: Witness;
  /** Datagrams of reports under way at once. */
  readonly parallel: number;
  /** Reports of a backlog in one datagram, at most. */
  readonly batchMax: number;
  readonly roundTrip: RoundTrip;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** A report is live, and goes before the backlog, for this long. */
  readonly liveMs: number;
  /** The twin says what the vehicle is to be set to. */
  readonly onSettings?: (desired: DesiredSettings) => void;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
}

export interface UplinkStatus {
  readonly twin: Peer | undefined;
  /** Reports, since the start. */
  readonly acknowledged: number;
  /** Datagrams. */
  readonly underWay: number;
  readonly heardAtMs: number;
}
