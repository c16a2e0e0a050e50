import { delay, type Timers } from '../../common/clock.js';
import type { Log } from '../../common/log.js';
import type { ObdSource } from '../obd/types.js';
import type { CarPower } from './car-power.js';
import { troubleOf } from './ladder.js';

/** How often the voltage at the adapter is looked at while the car is parked. */
const PARKED_LOOK_MS = 1_000;
const SPEED_PID = 0x0d;
const RPM_PID = 0x0c;

export interface ParkingDeps {
  readonly power: CarPower;
  /** The car is left alone from now on. */
  readonly onParked: () => void;
  /** What it supports is known, or is asked first. */
  readonly connected: () => Promise<void>;
  readonly onVoltage: (monoMs: number) => void;
  readonly onFault: (error: unknown) => void;
  readonly timers: Timers;
  readonly log: Log;
}

/**
 * The car is left alone; returns once it is awake again. The adapter alone is asked, for its voltage. Rejects with what the
 * ladder has to deal with.
 */
export async function park(source: ObdSource, deps: ParkingDeps, signal: AbortSignal): Promise<void> {
  const { power, timers, log, onParked, onVoltage } = deps;
  onParked();
  log.info({ event: 'obd.parked', volts: source.facts.voltage ?? null });
  await source.closeBus(signal);
  while (power.now.at === 'parked') {
    await delay(PARKED_LOOK_MS, signal, timers);
    onVoltage(await power.look(source, signal));
    if (power.isProbeDue) await probe(source, deps, signal);
  }
  log.info({ event: 'obd.awake', volts: source.facts.voltage ?? null });
}

/** Asks a car that may run again. Without an answer it stays parked. */
async function probe(source: ObdSource, deps: ParkingDeps, signal: AbortSignal): Promise<void> {
  const { power, connected, onFault, onParked } = deps;
  try {
    await connected();
    const known = [RPM_PID, SPEED_PID, ...source.supported].find(pid => source.supported.has(pid));
    const values = known === undefined ? new Map<string, number>() : await source.read([known], signal);
    const rpm = values.get('rpm');
    power.step({ type: 'answer', ...(rpm === undefined ? {} : { rpm }) });
  } catch (error) {
    signal.throwIfAborted();
    const trouble = troubleOf(error);
    if (trouble === 'gone' || trouble === 'restarted') throw error;
    onFault(error);
    power.step({ type: 'silence' });
  }
  if (power.now.at === 'parked') {
    onParked();
    await source.closeBus(signal);
  }
}
