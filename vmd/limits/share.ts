/** How much a sender may send over time, and at once. */
export interface Rate {
  readonly perS: number;
  /** How long it may have been silent, and then send the whole of that at once. */
  readonly burstMs: number;
}

/**
 * A token bucket as the time at which it would be full again (the "virtual scheduling" form of the generic cell rate algorithm, ITU-T
 * I.371): one number for each sender, and none for who is silent. Pure; times are monotonic milliseconds.
 */
export class Shares {
  readonly #rate: Rate;
  readonly #fullAt = new Map<string, number>();
  #sweptMs = 0;

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** Milliseconds until `key` may send, 0: now. */
  waitMs(key: string, nowMs: number): number {
    return Math.max(0, (this.#fullAt.get(key) ?? nowMs) - nowMs - this.#rate.burstMs);
  }

  /** It sends so much. Where it may send at all it may send what it has: whoever has a large piece waits longer afterwards. */
  spend(key: string, amount: number, nowMs: number): void {
    this.#sweep(nowMs);
    const fromMs = Math.max(nowMs, this.#fullAt.get(key) ?? 0);
    this.#fullAt.set(key, fromMs + (amount * 1_000) / this.#rate.perS);
  }

  get size(): number {
    return this.#fullAt.size;
  }

  /** Forgets who has been silent long enough. */
  #sweep(nowMs: number): void {
    if (nowMs - this.#sweptMs < this.#rate.burstMs) return;
    this.#sweptMs = nowMs;
    for (const [key, fullAtMs] of this.#fullAt) if (fullAtMs <= nowMs) this.#fullAt.delete(key);
  }
}
