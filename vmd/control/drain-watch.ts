import type { Clock, Timers } from '../../common/clock.js';
import type { Resident } from '../residents.js';

/** Tells when a twin that stood down has been silent for its grace: no datagram of the vehicle came any more. */
export class DrainWatch {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #onSilent: (resident: Resident, epoch: number) => void;
  /** Vehicle → what stops its watch. */
  readonly #watches = new Map<string, () => void>();

  constructor(clock: Clock, timers: Timers, onSilent: (resident: Resident, epoch: number) => void) {
    this.#clock = clock;
    this.#timers = timers;
    this.#onSilent = onSilent;
  }

  /** A repeated order watches anew: whoever repeats it has not heard the end. */
  start(resident: Resident, epoch: number, graceMs: number): void {
    this.cancel(resident.vehicle);
    this.#arm(resident, epoch, graceMs, graceMs);
  }

  #arm(resident: Resident, epoch: number, graceMs: number, waitMs: number): void {
    const cancel = this.#timers.after(waitMs, () => {
      const leftMs = resident.heardAtMs + graceMs - this.#clock.monotonicMs();
      if (leftMs > 0) {
        this.#arm(resident, epoch, graceMs, Math.ceil(leftMs));
        return;
      }
      this.#watches.delete(resident.vehicle);
      this.#onSilent(resident, epoch);
    });
    this.#watches.set(resident.vehicle, cancel);
  }

  cancel(vehicle: string): void {
    this.#watches.get(vehicle)?.();
    this.#watches.delete(vehicle);
  }

  close(): void {
    for (const vehicle of [...this.#watches.keys()]) this.cancel(vehicle);
  }
}
