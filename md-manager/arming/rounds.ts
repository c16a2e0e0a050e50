import type { Timers } from '../../common/clock.js';

interface Round {
  running: boolean;
  /** Woken while it ran: it runs once more. */
  again: boolean;
  cancel: () => void;
}

/**
 * Work that is done again and again, per key, never twice at once: `work` says after how many milliseconds its key is due
 * again, or that it has nothing to do until it is woken. It never rejects.
 */
export class Rounds {
  readonly #timers: Timers;
  readonly #work: (key: string) => Promise<number | undefined>;
  readonly #rounds = new Map<string, Round>();
  #closed = false;

  constructor(timers: Timers, work: (key: string) => Promise<number | undefined>) {
    this.#timers = timers;
    this.#work = work;
  }

  wake(key: string): void {
    if (this.#closed) return;
    const round = this.#rounds.get(key) ?? { running: false, again: false, cancel: () => undefined };
    this.#rounds.set(key, round);
    if (round.running) round.again = true;
    else void this.#run(key, round);
  }

  wakeAll(): void {
    for (const key of [...this.#rounds.keys()]) this.wake(key);
  }

  close(): void {
    this.#closed = true;
    for (const round of this.#rounds.values()) round.cancel();
    this.#rounds.clear();
  }

  async #run(key: string, round: Round): Promise<void> {
    round.cancel();
    round.running = true;
    let nextMs: number | undefined;
    do {
      round.again = false;
      nextMs = await this.#work(key);
    } while (round.again && !this.#closed);
    round.running = false;
    if (this.#closed) return;
    if (nextMs === undefined) this.#rounds.delete(key);
    else round.cancel = this.#timers.after(nextMs, () => void this.#run(key, round));
  }
}
