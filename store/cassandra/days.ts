/** UTC days since 1970: the second half of the partition key of history. */
export const DAY_MS = 86_400_000;

/** The day of a time; times of `Date`'s whole range have one that fits CQL's `int`. */
export const dayOf = (timeMs: number): number => Math.floor(timeMs / DAY_MS);

/** Vehicle and day as one text, for maps; a vehicle's id has no slash. */
export const partitionName = (vehicle: string, day: number): string => `${vehicle}/${day}`;

/**
 * Which (vehicle, day) this process has written into the index of days, so that it is written once and not with every
 * report. It is forgotten daily: the entry must outlive the reports of that day, however late they come.
 */
export class WrittenDays {
  readonly #max: number;
  #writtenOn = 0;
  readonly #names = new Map<string, Promise<unknown>>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Resolves once the day is in the index; `write` is called where it is not, and again after it failed. */
  ensure(name: string, nowMs: number, write: () => Promise<unknown>): Promise<unknown> {
    const today = dayOf(nowMs);
    if (today !== this.#writtenOn) {
      this.#writtenOn = today;
      this.#names.clear();
    }
    const held = this.#names.get(name);
    if (held !== undefined) return held;
    const writing = write();
    this.#names.set(name, writing);
    writing.catch(() => {
      if (this.#names.get(name) === writing) this.#names.delete(name);
    });
    const [oldest] = this.#names.keys();
    if (this.#names.size > this.#max && oldest !== undefined) this.#names.delete(oldest);
    return writing;
  }
}
