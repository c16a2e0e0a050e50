/**
 * How long hosts are kept for somebody who found no slot: a device comes back within a minute, and some jitter.
 */
const KEPT_MS = 120_000;

interface Entry {
  /** Slots that were asked for since one was offered last. */
  readonly slots: number;
  readonly keptUntilMs: number;
}

/** Who waits for a slot, by domain. Pure but for what it remembers; times are monotonic milliseconds. */
export class Waiting {
  readonly #entries = new Map<string, Entry>();

  /** Somebody found no slot in this domain. */
  add(domain: string, nowMs: number): void {
    this.#entries.set(domain, { slots: this.slots(domain, nowMs) + 1, keptUntilMs: nowMs + KEPT_MS });
  }

  /** Slots of this domain are offered to all who wait; who gets none asks again. A device does so when its time has come. */
  offered(domain: string): void {
    const entry = this.#entries.get(domain);
    if (entry !== undefined) this.#entries.set(domain, { ...entry, slots: 0 });
  }

  taken(domain: string): void {
    const entry = this.#entries.get(domain);
    if (entry === undefined) return;
    if (entry.slots <= 1) this.#entries.delete(domain);
    else this.#entries.set(domain, { ...entry, slots: entry.slots - 1 });
  }

  /** No host can be had: who waits is told so, and asks again. */
  refused(domain: string): void {
    this.#entries.delete(domain);
  }

  domains(): string[] {
    return [...this.#entries.keys()];
  }

  /** How many slots are to be made ready for those who wait. */
  slots(domain: string, nowMs: number): number {
    return this.any(domain, nowMs) ? (this.#entries.get(domain)?.slots ?? 0) : 0;
  }

  /** Whether somebody waits, or may come back. */
  any(domain: string, nowMs: number): boolean {
    return (this.#entries.get(domain)?.keptUntilMs ?? 0) > nowMs;
  }
}
