/**
 * How long to wait for the twin: the estimator of RFC 6298 as CoCoA (draft-ietf-core-cocoa) adapts it to CoAP. Answers to
 * a message that went once are strong; of one that went again nobody knows which copy was answered, so it counts little,
 * and from its first copy. What was learnt fades while nothing is heard: a radio cell later the link is another one.
 */
export interface RoundTripRules {
  /** RFC 7252 ACK_TIMEOUT: while nothing is known. */
  readonly firstMs: number;
  /** Least time for a 2.04 before the same bytes go with another message id. */
  readonly answerMs: number;
}

interface Estimate {
  readonly meanMs: number;
  readonly deviationMs: number;
}

const STRONG = { gain: 1 / 8, deviations: 4, share: 1 / 2 } as const;
const WEAK = { gain: 1 / 8, deviations: 1, share: 1 / 4 } as const;
/** A twin may take half a second before it says that it is at work (an empty acknowledgement): sooner is impatience. */
const LEAST_MS = 600;
const MOST_MS = 32_000;
/** Without an answer for this many waits, the estimate goes half the way back to the first. */
const FADES_AFTER = 4;
const ANSWER_MOST_MS = 60_000;

export class RoundTrip {
  readonly #rules: RoundTripRules;
  #strong: Estimate | undefined;
  #weak: Estimate | undefined;
  #waitMs: number;
  #answerMs: number;
  #heardAtMs = -Infinity;

  constructor(rules: RoundTripRules) {
    this.#rules = rules;
    this.#waitMs = rules.firstMs;
    this.#answerMs = rules.answerMs;
  }

  /** ACK_TIMEOUT of the next message, before its jitter. */
  ackTimeoutMs(nowMs: number): number {
    const { firstMs } = this.#rules;
    for (; nowMs - this.#heardAtMs > FADES_AFTER * this.#waitMs && Math.abs(this.#waitMs - firstMs) > 10;) {
      this.#heardAtMs = Math.max(this.#heardAtMs, nowMs - 10 * MOST_MS) + FADES_AFTER * this.#waitMs;
      this.#waitMs = (this.#waitMs + firstMs) / 2;
    }
    return this.#waitMs;
  }

  /** How long to wait for the 2.04 of a message. */
  get answerMs(): number {
    return this.#answerMs;
  }

  /** The newest smoothed round trip; undefined before the first. */
  get meanMs(): number | undefined {
    return this.#strong?.meanMs ?? this.#weak?.meanMs;
  }

  /** A message was answered `tookMs` after its first copy went. */
  answered(tookMs: number, transmissions: number, nowMs: number): void {
    const isStrong = transmissions <= 1;
    const { gain, deviations, share } = isStrong ? STRONG : WEAK;
    const before = isStrong ? this.#strong : this.#weak;
    const found =
      before === undefined
        ? { meanMs: tookMs, deviationMs: tookMs / 2 }
        : {
            deviationMs: before.deviationMs + (Math.abs(before.meanMs - tookMs) - before.deviationMs) / 4,
            meanMs: before.meanMs + gain * (tookMs - before.meanMs),
          };
    if (isStrong) this.#strong = found;
    else this.#weak = found;
    const waitMs = found.meanMs + deviations * found.deviationMs;
    this.#waitMs = clamp(share * waitMs + (1 - share) * this.#waitMs, LEAST_MS, MOST_MS);
    this.#answerMs = clamp(4 * found.meanMs, this.#rules.answerMs, ANSWER_MOST_MS);
    this.#heardAtMs = nowMs;
  }

  /** No 2.04 came in time: on a link that is slower than that, the next one would come too late as well. */
  timedOut(): void {
    this.#answerMs = clamp(this.#answerMs * 1.5, this.#rules.answerMs, ANSWER_MOST_MS);
  }
}

const clamp = (value: number, least: number, most: number): number => Math.min(Math.max(value, least), most);
