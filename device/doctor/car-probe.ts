import { delay, type Clock, type Timers } from '../../common/clock.js';
import { codeOf } from '../../common/errors.js';
import { silentLog, type LogFields } from '../../common/log.js';
import { Metrics } from '../../common/metrics.js';
import type { MetricName } from '../../protocol/metrics.js';
import type { ObdConfig } from '../obd/settings.js';
import type { OpenLink } from '../obd/types.js';
import { carOfConfig } from '../sampling/car-of-config.js';
import { carStatusOf } from '../sampling/car-status.js';
import type { Reading } from '../sampling/reading.js';
import type { CarSeen } from './observations.js';
import { wordsOf } from './words.js';

export interface CarProbe {
  readonly config: ObdConfig;
  readonly openLink: OpenLink;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
  /** How long rates are measured once the car answers. */
  readonly measureMs: number;
}

/** The search for speed and protocol takes that long at most on a slow clone; then there is nothing to be found. */
const PATIENCE_MS = 45_000;
const LOOK_MS = 100;

/**
 * Looks at the car as the agent does, by the same loop: what it sends, and what it leaves alone, is the agent's own. Ends after the
 * measurement, or as soon as there is nothing to measure.
 */
export async function probeCar(probe: CarProbe, signal: AbortSignal): Promise<CarSeen> {
  const { config, openLink, clock, timers, measureMs } = probe;
  const stop = new AbortController();
  const readings = new Map<string, Reading>();
  let unreached: unknown;
  let trouble: string | undefined;
  const open = async (until: AbortSignal): ReturnType<OpenLink> => {
    try {
      const link = await openLink(until);
      unreached = undefined;
      return link;
    } catch (error) {
      unreached = error;
      throw error;
    }
  };
  const failures: LogFields[] = [];
  const note = (fields: LogFields): void => {
    if (fields.event === 'obd.failed') failures.push(fields);
    if (fields['error'] !== undefined) trouble = String(fields['error']);
  };
  const car = carOfConfig(config, open, {
    ...probe,
    log: { ...silentLog, warn: note },
    metrics: new Metrics<MetricName>({}),
    onReading: reading => void readings.set(reading.name, reading),
  });
  const running = car.run(AbortSignal.any([signal, stop.signal])).catch(() => undefined);
  const look = (): CarSeen => {
    const facts = car.adapter?.facts;
    const codes = readings.get('dtc')?.value;
    const rpm = readings.get('rpm')?.value;
    return {
      at: 'seen',
      by: 'doctor',
      car: carStatusOf(car),
      runningV: config['obd.runningV'],
      ...(trouble === undefined || facts?.bus !== undefined ? {} : { trouble }),
      ...(typeof codes !== 'string' ? {} : { troubleCodes: codes === 'none' ? [] : codes.split(' ') }),
      ...(typeof rpm !== 'number' ? {} : { engineRpm: rpm }),
      ...(facts === undefined ? {} : { hasPrompts: facts.hasPrompts, takesCounts: facts.takesCounts }),
    };
  };
  try {
    const fromMs = clock.monotonicMs();
    let answeredAtMs: number | undefined;
    // What is known while the adapter is open; its last failure leaves nothing to look at.
    let seen = look();
    for (;;) {
      await delay(LOOK_MS, signal, timers);
      if (car.adapter !== undefined) seen = look();
      const nowMs = clock.monotonicMs();
      if (car.state === 'polling') answeredAtMs ??= nowMs;
      const isMeasured = answeredAtMs !== undefined && nowMs - answeredAtMs >= measureMs;
      const isHopeless = failures.length > 0 && car.adapter === undefined;
      const isLate = answeredAtMs === undefined && nowMs - fromMs >= PATIENCE_MS;
      if (isMeasured || car.state === 'parked' || isHopeless || isLate) break;
    }
    if (unreached === undefined && seen.at === 'seen' && seen.car.adapter !== undefined) return seen;
    const [failure] = failures;
    const code = unreached === undefined ? String(failure?.['code'] ?? 'OBD_TIMEOUT') : codeOf(unreached);
    const say = unreached === undefined ? (trouble ?? 'it does not answer') : wordsOf(unreached);
    return { at: 'unreachable', where: whereOf(config), code, say };
  } finally {
    stop.abort(new Error('looked'));
    await running;
  }
}

const whereOf = ({ 'obd.serial': port, 'obd.tcp': tcp }: ObdConfig): string =>
  port ?? (tcp === undefined ? 'the adapter' : `${tcp.address}:${tcp.port}`);
