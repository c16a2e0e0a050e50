import type { NextDomain } from './neighbours.js';

interface Foreseen extends NextDomain {
  readonly untilMs: number;
}

/** Where vehicles were said to go next: the last word counts, and fades. Times are monotonic milliseconds. */
export class Foresight {
  readonly #foreseen = new Map<string, Foreseen>();

  foresee(vehicle: string, next: NextDomain, untilMs: number): void {
    this.#foreseen.set(vehicle, { ...next, untilMs });
  }

  of(vehicle: string, nowMs: number): NextDomain | undefined {
    const found = this.#foreseen.get(vehicle);
    if (found === undefined || found.untilMs > nowMs) return found;
    this.#foreseen.delete(vehicle);
    return undefined;
  }
}
