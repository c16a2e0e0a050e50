import type { Clock, Timers } from '../../common/clock.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import type { MetricName } from '../../protocol/metrics.js';
import type { ObdSource, OpenLink, TextName } from '../obd/types.js';
import type { PowerRules } from './power.js';
import type { Reading } from './reading.js';
import type { Rates, TierPeriods } from './scheduler.js';

export interface CarLoopOptions {
  /** An adapter that is set up; the car behind it is not reached yet. */
  readonly open: (signal: AbortSignal) => Promise<ObdSource>;
  readonly periods: TierPeriods;
  readonly rates?: Rates;
  readonly power: PowerRules;
  /** What services 03, 07 and 09 tell is read, too. */
  readonly texts?: readonly TextName[];
  readonly untilBack?: OpenLink['untilBack'];
  readonly replug?: OpenLink['replug'];
  readonly onReading: (reading: Reading) => void;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
}
