import type { ObdSource } from '../obd/types.js';
import type { CarLoopOptions } from './car-loop-options.js';
import { AWAKE, isProbeDue, stepPower, type Power } from './power.js';

/** Whether a car is awake, as its adapter and its answers tell. */
export class CarPower {
  readonly #options: Pick<CarLoopOptions, 'clock' | 'power' | 'onReading'>;
  #power: Power = AWAKE;

  constructor(options: Pick<CarLoopOptions, 'clock' | 'power' | 'onReading'>) {
    this.#options = options;
  }

  get now(): Power {
    return this.#power;
  }

  /** Whether a parked car may be asked. */
  get isProbeDue(): boolean {
    return isProbeDue(this.#power, this.#options.clock.monotonicMs());
  }

  /** Whether something charges the battery, as far as the adapter measured. */
  get isCharging(): boolean {
    return this.#power.at === 'awake' && (this.#power.volts ?? 0) >= this.#options.power.runningV;
  }

  step(event: Parameters<typeof stepPower>[1]): void {
    this.#power = stepPower(this.#power, event, this.#options.clock.monotonicMs(), this.#options.power);
  }

  /** It was found: from now on it is awake until something tells otherwise. */
  found(): void {
    this.#power = AWAKE;
  }

  /** Nobody answered when it was looked for: it has been off for long enough, if its voltage says so as well. */
  notFound(volts: number | undefined): void {
    const { clock, power } = this.#options;
    const nowMs = clock.monotonicMs();
    const quiet: Power = { at: 'awake', isSilent: true, offSinceMs: nowMs - power.parkAfterMs };
    this.#power = stepPower(quiet, { type: 'voltage', ...(volts === undefined ? {} : { volts }) }, nowMs, power);
  }

  /** Measures the voltage at the adapter; gives when. Rejects as `ObdSource.voltage`. */
  async look(source: ObdSource, signal: AbortSignal): Promise<number> {
    const volts = await source.voltage(signal);
    const monoMs = this.#options.clock.monotonicMs();
    if (volts !== undefined) this.#options.onReading({ name: 'vbat', value: volts, monoMs });
    this.step({ type: 'voltage', ...(volts === undefined ? {} : { volts }) });
    return monoMs;
  }
}
