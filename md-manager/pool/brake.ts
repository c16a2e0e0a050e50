/** When a domain whose hosts fail may have another one. Pure but for what it remembers; times are monotonic milliseconds. */

const FIRST_MS = 250;
const MAX_MS = 30_000;
/** After so long without a failure the next one is the first again. */
const CALM_MS = 30_000;

interface Held {
  readonly delayMs: number;
  readonly untilMs: number;
  readonly failures: number;
}

/** Hosts that fail are replaced ever more slowly, domain by domain: 250 ms, doubling to 30 s. */
export class Brake {
  readonly #held = new Map<string, Held>();

  holds(domain: string, nowMs: number): boolean {
    return (this.#held.get(domain)?.untilMs ?? 0) > nowMs;
  }

  /** Returns how long the domain waits from now on. Hosts of one round fail together: while it waits, nothing is added. */
  failed(domain: string, nowMs: number): { readonly waitMs: number; readonly failures: number } {
    const held = this.#held.get(domain);
    const recent = held !== undefined && nowMs - held.untilMs < CALM_MS ? held : undefined;
    const failures = (recent?.failures ?? 0) + 1;
    const waits = recent !== undefined && recent.untilMs > nowMs;
    const delayMs = recent === undefined ? FIRST_MS : waits ? recent.delayMs : Math.min(MAX_MS, 2 * recent.delayMs);
    const untilMs = waits ? recent.untilMs : nowMs + delayMs;
    this.#held.set(domain, { delayMs, untilMs, failures });
    return { waitMs: untilMs - nowMs, failures };
  }
}
