/** What is open, over all and per key, within two bounds. Keys without anything open take no memory. */
export class Tally {
  readonly #max: number;
  readonly #maxPerKey: number;
  readonly #open = new Map<string, number>();
  #total = 0;

  constructor(max: number, maxPerKey: number) {
    this.#max = max;
    this.#maxPerKey = maxPerKey;
  }

  /** Opens one more for `key`, or says that a bound forbids it. */
  take(key: string): boolean {
    const open = this.#open.get(key) ?? 0;
    if (this.#total >= this.#max || open >= this.#maxPerKey) return false;
    this.#open.set(key, open + 1);
    this.#total++;
    return true;
  }

  give(key: string): void {
    const open = this.#open.get(key);
    if (open === undefined) return;
    if (open > 1) this.#open.set(key, open - 1);
    else this.#open.delete(key);
    this.#total--;
  }

  get total(): number {
    return this.#total;
  }
}
