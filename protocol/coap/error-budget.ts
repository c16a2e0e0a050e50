/** Addresses counted within one second; a flood from more forged ones gets no error replies at all. */
const MAX_ADDRESSES = 4_096;

/** How many error replies an address may still get in this second: a forged source makes us no amplifier. */
export class ErrorBudget {
  readonly #perSecond: number;
  readonly #spent = new Map<string, number>();
  #openedMs = -Infinity;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** Whether one more reply may go to `address`; if so it is spent. */
  take(address: string, nowMs: number): boolean {
    if (nowMs - this.#openedMs >= 1_000) {
      this.#spent.clear();
      this.#openedMs = nowMs;
    }
    const spent = this.#spent.get(address) ?? 0;
    if (spent >= this.#perSecond || (spent === 0 && this.#spent.size >= MAX_ADDRESSES)) return false;
    this.#spent.set(address, spent + 1);
    return true;
  }
}
