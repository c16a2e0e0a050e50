import { delay, type Clock, type Timers } from '../../common/clock.js';
import { codeOf, messageOf } from '../../common/errors.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import { backoff } from '../../common/retry.js';
import type { MetricName } from '../../protocol/metrics.js';
import type { SenmlValue } from '../../protocol/senml.js';
import type { GpsSource } from './gpsd-client.js';
import { acceptTpv, NO_FIX, type FixRules, type FixState, type Tpv } from './tpv.js';

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

const BACKOFF = { firstMs: 1_000, maxMs: 30_000, jitter: 0.1 };

/** Reads the receiver for as long as the agent runs; connects again when gpsd goes away. */
export async function runGps(options: GpsLoopOptions, signal: AbortSignal): Promise<never> {
  const { source, rules, onReading, onTime, clock, timers, random, log, metrics } = options;
  let state: FixState = NO_FIX;
  let waits = backoff(BACKOFF, random);
  let isConnected = false;
  const onTpv = (tpv: Tpv): void => {
    if (!isConnected) log.info({ event: 'gps.connected' });
    isConnected = true;
    waits = backoff(BACKOFF, random);
    metrics.set('agent_gps_fix_mode', tpv.mode);
    const monoMs = clock.monotonicMs();
    const [next, verdict] = acceptTpv(state, tpv, monoMs, rules);
    state = next;
    metrics.count('agent_gps_fixes_total', { verdict: verdict.result });
    if (verdict.result !== 'fix') return;
    for (const [name, value] of Object.entries(verdict.fix.values)) onReading({ name, value, monoMs });
    if (verdict.fix.credibleTimeMs !== undefined) onTime(verdict.fix.credibleTimeMs, monoMs);
  };
  const onFault = (error: unknown): void => {
    metrics.count('agent_gps_fixes_total', { verdict: 'malformed' });
    log.warn({ event: 'gps.line-unreadable', error: messageOf(error) });
  };
  for (;;) {
    try {
      await source.follow({ onTpv, onFault }, signal);
    } catch (error) {
      signal.throwIfAborted();
      isConnected = false;
      metrics.set('agent_gps_fix_mode', 0);
      log.warn({ event: 'gps.failed', code: codeOf(error), error: messageOf(error) });
    }
    await delay(waits.next().value, signal, timers);
  }
}
