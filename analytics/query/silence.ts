import { seconds } from './freshness.js';

const FIRST_MS = 2_000;
const MAX_MS = 60_000;

interface Silent {
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly waitMs: number;
  /** Its newest report when it did not answer: a newer one ends the silence. */
  readonly heardMs: number | undefined;
}

/**
 * Cars that did not answer their twin: asleep, or out of coverage. They are left alone for 2 s, then twice as long each time,
 * so that readers need not wait for somebody who is not there; one that reports again is asked again at once. Pure: times
 * are monotonic milliseconds.
 */
export class Silence {
  readonly #silent = new Map<string, Silent>();

  /** The car did not answer. */
  note(vehicle: string, heardMs: number | undefined, nowMs: number): void {
    const before = this.#silent.get(vehicle);
    const again = before !== undefined && before.heardMs === heardMs;
    const waitMs = again ? Math.min(MAX_MS, before.waitMs * 2) : FIRST_MS;
    this.#silent.set(vehicle, { sinceMs: again ? before.sinceMs : nowMs, untilMs: nowMs + waitMs, waitMs, heardMs });
  }

  answered(vehicle: string): void {
    this.#silent.delete(vehicle);
  }

  /** Why the car is not asked now; undefined: it may be. */
  why(vehicle: string, heardMs: number | undefined, nowMs: number): string | undefined {
    const found = this.#silent.get(vehicle);
    if (found === undefined) return undefined;
    if (found.heardMs !== heardMs) {
      this.#silent.delete(vehicle);
      return undefined;
    }
    if (nowMs >= found.untilMs) return undefined;
    const ago = seconds(nowMs - found.sinceMs);
    return `asleep or out of coverage: it did not answer ${ago} ago and has not reported since; asked again in ${seconds(found.untilMs - nowMs)}`;
  }
}
