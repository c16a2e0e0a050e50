import type { NextDomain } from './neighbours.js';

/** Who says so: somebody who knows (a core network, a MEC platform), or a forecast from how the vehicle moves. */
export type Foreseer = 'told' | 'forecast';

export interface Foreseen extends NextDomain {
  readonly untilMs: number;
}

/** Where vehicles are expected to go next: the last word of each who says so counts, and fades. Times are monotonic milliseconds. */
export class Foresight {
  readonly #foreseen = { told: new Map<string, Foreseen>(), forecast: new Map<string, Foreseen>() };
  /** Vehicle → until when it is known how it moves: where nothing is foreseen, it stays where it is. */
  readonly #followed = new Map<string, number>();

  /** Whether that is news. */
  foresee(vehicle: string, next: NextDomain, untilMs: number, by: Foreseer): boolean {
    const before = this.#foreseen[by].get(vehicle);
    this.#foreseen[by].set(vehicle, { ...next, untilMs });
    return before?.domain !== next.domain;
  }

  /** Likeliest first, each domain once. */
  of(vehicle: string, nowMs: number): Foreseen[] {
    const found: Foreseen[] = [];
    for (const words of [this.#foreseen.told, this.#foreseen.forecast]) {
      const word = words.get(vehicle);
      if (word === undefined) continue;
      if (word.untilMs <= nowMs) words.delete(vehicle);
      else if (!found.some(({ domain }) => domain === word.domain)) found.push(word);
    }
    return found;
  }

  /** It was heard how the vehicle moves. Whether that is news. */
  follow(vehicle: string, untilMs: number, nowMs: number): boolean {
    const before = this.followedUntil(vehicle, nowMs);
    this.#followed.set(vehicle, untilMs);
    return before === undefined;
  }

  /** Until when it counts how it was heard to move. */
  followedUntil(vehicle: string, nowMs: number): number | undefined {
    const untilMs = this.#followed.get(vehicle);
    if (untilMs === undefined || untilMs > nowMs) return untilMs;
    this.#followed.delete(vehicle);
    return undefined;
  }

  /** Vehicles of which something is or was foreseen. */
  vehicles(): Set<string> {
    return new Set([...this.#foreseen.told.keys(), ...this.#foreseen.forecast.keys()]);
  }
}
