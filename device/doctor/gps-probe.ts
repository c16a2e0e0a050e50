import { delay, type Clock, type Timers } from '../../common/clock.js';
import { silentLog } from '../../common/log.js';
import { Metrics } from '../../common/metrics.js';
import type { MetricName } from '../../protocol/metrics.js';
import { GpsLoop, gpsStatusOf } from '../gps/gps-loop.js';
import type { GpsSource } from '../gps/gps-source.js';
import type { FixRules } from '../gps/plausibility.js';
import type { GpsSeen } from './observations.js';
import { wordsOf } from './words.js';

export interface GpsProbe {
  readonly source: GpsSource;
  readonly where: string;
  readonly rules: FixRules;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
  readonly patienceMs: number;
}

export interface GpsLook {
  readonly gps: GpsSeen;
  /** The receiver's time is ahead of the system's by so much. */
  readonly receiverAheadMs?: number;
}

const LOOK_MS = 100;

/** Looks at the receiver as the agent does, until three positions in a row vouch for its time, or patience is over. */
export async function probeGps(probe: GpsProbe, signal: AbortSignal): Promise<GpsLook> {
  const { source, where, clock, timers, patienceMs } = probe;
  const stop = new AbortController();
  const seen = new Map<string, number>();
  let receiverAheadMs: number | undefined;
  let failure: string | undefined;
  const watched: GpsSource = {
    follow: (handlers, until) =>
      source.follow(handlers, until).catch((error: unknown) => {
        if (!until.aborted) failure = wordsOf(error);
        throw error;
      }),
  };
  const loop = new GpsLoop({
    ...probe,
    source: watched,
    log: silentLog,
    metrics: new Metrics<MetricName>({}),
    onReading: ({ name, value }) => {
      if (typeof value === 'number') seen.set(name, value);
    },
    onTime: (utcMs, monoMs) => {
      // What the system's clock showed when it was that time.
      receiverAheadMs = utcMs - (clock.nowMs() - (clock.monotonicMs() - monoMs));
    },
  });
  const running = loop.run(AbortSignal.any([signal, stop.signal])).catch(() => undefined);
  try {
    const untilMs = clock.monotonicMs() + patienceMs;
    const isOver = (): boolean =>
      receiverAheadMs !== undefined || failure !== undefined || clock.monotonicMs() >= untilMs;
    while (!isOver()) await delay(LOOK_MS, signal, timers);
    if (failure !== undefined && !loop.status.connected) return { gps: { at: 'unreachable', where, say: failure } };
    const [satellites, hdop] = [seen.get('sats'), seen.get('hdop')];
    const gps: GpsSeen = {
      at: 'seen',
      by: 'doctor',
      where,
      status: gpsStatusOf(loop.status, clock.monotonicMs()),
      ...(satellites === undefined ? {} : { satellites }),
      ...(hdop === undefined ? {} : { hdop }),
    };
    return { gps, ...(receiverAheadMs === undefined ? {} : { receiverAheadMs }) };
  } finally {
    stop.abort(new Error('looked'));
    await running;
  }
}
