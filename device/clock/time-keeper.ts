import { every, type Clock, type Timers } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import type { MetricName } from '../../protocol/metrics.js';
import type { DateVerdict } from './calendar.js';
import type { LastTime } from './last-time.js';
import type { TimeBase, TimeChange } from './time-base.js';

export interface TimeKeeperOptions {
  readonly vehicle: string;
  readonly time: TimeBase;
  readonly last: LastTime;
  readonly isSystemClockSynchronised: () => Promise<boolean>;
  /** The clock became known, or better. */
  readonly onChange: (change: Exclude<TimeChange, { change: 'none' }>) => void;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
}

const LOOK_MS = 1_000;

/** Asks everybody who may know the time, and tells what it means for the reports. */
export class TimeKeeper {
  readonly #options: TimeKeeperOptions;
  #verdict: DateVerdict | undefined;
  #conflict = false;

  constructor(options: TimeKeeperOptions) {
    this.#options = options;
  }

  /** Looks every second until the returned function is called. */
  start(): () => void {
    const { time, timers, isSystemClockSynchronised } = this.#options;
    return every(timers, LOOK_MS, async () => {
      this.#tell(time.systemIsSynchronised(await isSystemClockSynchronised()));
      this.#tell(time.tick());
      this.#watch();
      await this.#keep();
    });
  }

  /** Three 3D fixes vouch for this time. */
  receiverTime(utcMs: number, monoMs: number): void {
    const { time, log, vehicle, metrics } = this.#options;
    this.#tell(time.receiverTime(utcMs, monoMs));
    const verdict = time.receiverVerdict;
    if (verdict !== undefined) metrics.count('agent_receiver_times_total', { verdict });
    if (verdict === this.#verdict) return;
    this.#verdict = verdict;
    if (verdict !== undefined && verdict !== 'plausible')
      log.warn({ event: 'clock.date-refused', vehicle, verdict, receiver: new Date(utcMs).toISOString() });
  }

  #tell(change: TimeChange): void {
    if (change.change === 'none') return;
    const { vehicle, log, onChange } = this.#options;
    const { change: how, stamp } = change;
    const correction = change.change === 'better' ? { correctionMs: Math.round(change.correctionMs) } : {};
    log.info({ event: 'agent.clock', vehicle, clock: stamp.clock, change: how, ...correction });
    onChange(change);
  }

  #watch(): void {
    const { time, log, vehicle, metrics } = this.#options;
    const aheadMs = time.receiverAheadMs;
    if (aheadMs !== undefined) metrics.set('agent_clock_offset_seconds', aheadMs / 1000);
    if (time.conflict === this.#conflict) return;
    this.#conflict = time.conflict;
    if (this.#conflict) log.warn({ event: 'clock.conflict', vehicle, receiverAheadMs: Math.round(aheadMs ?? 0) });
  }

  async #keep(): Promise<void> {
    const { time, last, clock, log } = this.#options;
    const trustedMs = time.trustedMs();
    if (trustedMs === undefined) return;
    try {
      await last.keep(trustedMs, clock.monotonicMs());
    } catch (error) {
      log.warn({ event: 'clock.not-kept', error: messageOf(error) });
    }
  }
}
