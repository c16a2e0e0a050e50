import { Bell } from './bell.js';
import type { Watched } from './registration.js';

/** When the twin was last heard, and whether it wants a registration: what the registrar watches of an uplink. */
export class Contact {
  /** Rings when a registration is demanded. */
  readonly #bell = new Bell();
  readonly #nextBootFloor: number;
  readonly #isDue: () => boolean;
  #heardAtMs: number;
  #demanded = false;

  constructor(nowMs: number, nextBootFloor: number, isDue: () => boolean) {
    this.#heardAtMs = nowMs;
    this.#nextBootFloor = nextBootFloor;
    this.#isDue = isDue;
  }

  heardAtMs(): number {
    return this.#heardAtMs;
  }

  /** The twin answered. */
  heard(nowMs: number): void {
    this.#heardAtMs = nowMs;
  }

  /** The twin does not know the vehicle. */
  demand(): void {
    this.#demanded = true;
    this.#bell.ring();
  }

  /** A registration is done. */
  found(nowMs: number): void {
    this.#demanded = false;
    this.#heardAtMs = nowMs;
  }

  get watched(): Omit<Watched, 'registered'> {
    return {
      nextBootFloor: this.#nextBootFloor,
      heardAtMs: () => this.#heardAtMs,
      isDue: this.#isDue,
      demanded: () => this.#demanded,
      changed: (ms, signal, timers) => this.#bell.wait(ms, signal, timers),
    };
  }
}
