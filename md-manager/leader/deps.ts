import type { Clock, Timers } from '../../common/clock.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import type { MetricName } from '../../protocol/metrics.js';
import type { ControlStore } from '../../store/types.js';

export interface LeadershipDeps {
  readonly store: Pick<ControlStore, 'putServiceLease' | 'serviceLease'>;
  /** Whether the process of a holder has ended, for sure. */
  readonly isGone: (holder: string) => Promise<boolean>;
  /** Ends the process of a holder, where it runs here and somebody has stopped it; whether it did. */
  readonly endIfStopped: (holder: string) => Promise<boolean>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
}
