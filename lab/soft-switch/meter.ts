/** A meter with one drop band: a bucket of `ratePerS` tokens that fills at `ratePerS` a second. */
export class Meter {
  readonly ratePerS: number;
  #tokens: number;
  #atMs: number | undefined;

  constructor(ratePerS: number) {
    this.ratePerS = ratePerS;
    this.#tokens = ratePerS;
  }

  /** Whether a packet at `nowMs` may pass. */
  take(nowMs: number): boolean {
    const passedMs = Math.max(0, nowMs - (this.#atMs ?? nowMs));
    this.#atMs = nowMs;
    this.#tokens = Math.min(this.ratePerS, this.#tokens + (passedMs * this.ratePerS) / 1_000);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
