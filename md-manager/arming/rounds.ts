import type { Timers } from '../../common/clock.js';

interface Round {
  is: 'resting' | 'waiting' | 'running';
  /** Woken while it ran: it runs once more. */
  again: boolean;
  cancel: () => void;
}

/**
 * Work that is done again and again, per key, never twice at once: `work` says after how many milliseconds its key is due
 * again, or that it has nothing to do until it is woken. It never rejects. Only so many keys have their turn at once; the
 * others wait in the order in which they came, and whatever has happened meanwhile is seen when it is begun.
 */
export class Rounds {
  readonly #timers: Timers;
  readonly #work: (key: string) => Promise<number | undefined>;
  readonly #atOnce: number;
  readonly #rounds = new Map<string, Round>();
  /** In the order of their turns. */
  readonly #waiting = new Set<string>();
  #running = 0;
  #closed = false;

  constructor(timers: Timers, work: (key: string) => Promise<number | undefined>, atOnce = Infinity) {
    this.#timers = timers;
    this.#work = work;
    this.#atOnce = atOnce;
  }

  wake(key: string): void {
    if (this.#closed) return;
    const round = this.#rounds.get(key) ?? { is: 'resting', again: false, cancel: () => undefined };
    this.#rounds.set(key, round);
    if (round.is === 'running') round.again = true;
    else this.#line(key, round);
  }

  wakeAll(): void {
    for (const key of [...this.#rounds.keys()]) this.wake(key);
  }

  close(): void {
    this.#closed = true;
    for (const round of this.#rounds.values()) round.cancel();
    this.#rounds.clear();
    this.#waiting.clear();
  }

  #line(key: string, round: Round): void {
    round.cancel();
    round.is = 'waiting';
    this.#waiting.add(key);
    this.#next();
  }

  #next(): void {
    for (const key of this.#waiting) {
      if (this.#running >= this.#atOnce) return;
      this.#waiting.delete(key);
      const round = this.#rounds.get(key);
      if (round !== undefined) void this.#run(key, round);
    }
  }

  async #run(key: string, round: Round): Promise<void> {
    round.is = 'running';
    this.#running++;
    let nextMs: number | undefined;
    do {
      round.again = false;
      nextMs = await this.#work(key);
    } while (round.again && !this.#closed);
    round.is = 'resting';
    this.#running--;
    if (this.#closed) return;
    if (nextMs === undefined) this.#rounds.delete(key);
    else round.cancel = this.#timers.after(nextMs, () => this.#line(key, round));
    this.#next();
  }
}
