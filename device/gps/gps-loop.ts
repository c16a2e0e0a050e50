import { delay, every, type Clock, type Timers } from '../../common/clock.js';
import { codeOf, messageOf } from '../../common/errors.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import { backoff } from '../../common/retry.js';
import type { MetricName } from '../../protocol/metrics.js';
import type { SenmlValue } from '../../protocol/senml.js';
import { momentOf, NO_DELAY, type DelayState } from './fix-age.js';
import type { GpsSource } from './gps-source.js';
import { acceptTpv, NO_FIX, type FixRules, type FixState } from './plausibility.js';
import { chooseReceiver, forgetReceiver, NO_CHOICE, type ChoiceState } from './receiver-choice.js';
import type { FixMode, Tpv } from './tpv.js';

export interface GpsLoopOptions {
  readonly source: GpsSource;
  readonly rules: FixRules;
  readonly onReading: (reading: { name: string; value: SenmlValue; monoMs: number }) => void;
  /** Three 3D fixes in a row vouch for this time. */
  readonly onTime: (utcMs: number, monoMs: number) => void;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
}

/** What is known of the position, for a status. */
export interface GpsStatus {
  readonly connected: boolean;
  readonly mode: FixMode;
  readonly device?: string;
  /** When the newest fix was true, monotonic; absent: there was none. */
  readonly fixAtMs?: number;
}

const BACKOFF = { firstMs: 1_000, maxMs: 30_000, jitter: 0.1 };
/** A receiver speaks once a second. When its source dies, gpsd tells nobody. */
const STALE_MS = 5_000;

/** Reads the receiver for as long as the agent runs; connects again when its daemon or its cable goes away. */
export class GpsLoop {
  readonly #options: GpsLoopOptions;
  #state: FixState = NO_FIX;
  #choice: ChoiceState = NO_CHOICE;
  #delay: DelayState = NO_DELAY;
  #waits: Generator<number, never>;
  #connected = false;
  #mode: FixMode = 0;
  #heardAtMs = -Infinity;
  #fixAtMs: number | undefined;

  constructor(options: GpsLoopOptions) {
    this.#options = options;
    this.#waits = backoff(BACKOFF, options.random);
  }

  get status(): GpsStatus {
    const { device } = this.#choice;
    return {
      connected: this.#connected,
      mode: this.#mode,
      ...(device === undefined ? {} : { device }),
      ...(this.#fixAtMs === undefined ? {} : { fixAtMs: this.#fixAtMs }),
    };
  }

  /** Rejects with the signal's reason alone. */
  async run(signal: AbortSignal): Promise<never> {
    const { source, timers, log, metrics, clock } = this.#options;
    const handlers = {
      onTpv: (tpv: Tpv, heardAtMs: number): void => this.#look(tpv, heardAtMs),
      onFault: (error: unknown): void => {
        metrics.count('agent_gps_fixes_total', { verdict: 'malformed' });
        log.warn({ event: 'gps.line-unreadable', error: messageOf(error) });
      },
      onGone: (device?: string): void => this.#gone(device),
    };
    const stop = every(timers, 1_000, () => {
      if (clock.monotonicMs() - this.#heardAtMs > STALE_MS) this.#lost('silent');
      const { fixAtMs } = this.status;
      if (fixAtMs !== undefined) metrics.set('agent_gps_fix_age_seconds', (clock.monotonicMs() - fixAtMs) / 1000);
    });
    try {
      for (;;) {
        try {
          await source.follow(handlers, signal);
        } catch (error) {
          signal.throwIfAborted();
          this.#connected = false;
          this.#lost('link');
          this.#choice = NO_CHOICE;
          log.warn({ event: 'gps.failed', code: codeOf(error), error: messageOf(error) });
        }
        await delay(this.#waits.next().value, signal, timers);
      }
    } finally {
      stop();
    }
  }

  #look(tpv: Tpv, heardAtMs: number): void {
    const { rules, onReading, onTime, log, metrics, random } = this.#options;
    if (!this.#connected)
      log.info({ event: 'gps.connected', ...(tpv.device === undefined ? {} : { device: tpv.device }) });
    this.#connected = true;
    this.#waits = backoff(BACKOFF, random);
    const choice = chooseReceiver(this.#choice, tpv.device, tpv.mode, heardAtMs);
    this.#choice = choice.state;
    if (!choice.isMine) return;
    if (choice.changed) this.#begin();
    this.#heardAtMs = heardAtMs;
    const [next, verdict] = acceptTpv(this.#state, tpv, this.#moment(tpv, heardAtMs), rules);
    // The receiver put its clock back, and is believed: what was known of its delay is void.
    const wentBack = next.last !== this.#state.last && (next.last?.timeMs ?? 0) < (this.#state.last?.timeMs ?? 0);
    if (wentBack) this.#delay = NO_DELAY;
    this.#state = next;
    metrics.count('agent_gps_fixes_total', { verdict: verdict.result });
    if (verdict.result === 'no-fix') this.#lost('no-fix');
    if (verdict.result !== 'fix') return;
    this.#mode = tpv.mode;
    metrics.set('agent_gps_fix_mode', tpv.mode);
    const monoMs = next.last?.atMs ?? heardAtMs;
    this.#fixAtMs = monoMs;
    for (const [name, value] of Object.entries(verdict.fix.values)) onReading({ name, value, monoMs });
    if (verdict.fix.credibleTimeMs !== undefined) onTime(verdict.fix.credibleTimeMs, monoMs);
  }

  /** When a look was true: one that was held up on its way is older than its arrival. */
  #moment(tpv: Tpv, heardAtMs: number): number {
    const lastMs = this.#state.last?.timeMs;
    if (tpv.timeMs === undefined || tpv.mode < 2 || (lastMs !== undefined && tpv.timeMs < lastMs)) return heardAtMs;
    const [next, atMs] = momentOf(this.#delay, heardAtMs, tpv.timeMs);
    this.#delay = next;
    return atMs;
  }

  #gone(device: string | undefined): void {
    if (device !== undefined && device !== this.#choice.device) return;
    if (device !== undefined) this.#choice = forgetReceiver(this.#choice, device);
    this.#lost('gone');
  }

  /** The fix is no more: said once, so that nobody takes the last position for the present one. */
  #lost(why: 'silent' | 'link' | 'gone' | 'no-fix'): void {
    const { onReading, clock, log, metrics } = this.#options;
    if (why !== 'no-fix') this.#begin();
    const had = this.#mode >= 2;
    this.#mode = why === 'no-fix' ? 1 : 0;
    metrics.set('agent_gps_fix_mode', this.#mode);
    if (!had) return;
    log.info({ event: 'gps.fix-lost', why });
    onReading({ name: 'fix', value: 'NONE', monoMs: clock.monotonicMs() });
  }

  /** Another receiver, or the same after a pause: its first fixes vouch for no time. What was the last fix stays. */
  #begin(): void {
    this.#state = { ...this.#state, threeD: 0 };
    this.#delay = NO_DELAY;
  }
}

export const runGps = (options: GpsLoopOptions, signal: AbortSignal): Promise<never> =>
  new GpsLoop(options).run(signal);

/** The same with an age in place of a moment. */
export const gpsStatusOf = ({ connected, mode, device, fixAtMs }: GpsStatus, nowMs: number): GpsAnswer => ({
  connected,
  mode,
  ...(device === undefined ? {} : { device }),
  ...(fixAtMs === undefined ? {} : { fixAgeMs: Math.round(nowMs - fixAtMs) }),
});

export interface GpsAnswer {
  readonly connected: boolean;
  readonly mode: FixMode;
  readonly device?: string;
  readonly fixAgeMs?: number;
}
