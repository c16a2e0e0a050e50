import type { SdnMove } from '../protocol/api/sdn-app.js';

/** The last moves of all vehicles, the oldest forgotten first. */
export class Moves {
  #rows: SdnMove[] = [];
  readonly #max: number;

  constructor(max = 1_000) {
    this.#max = max;
  }

  add(move: SdnMove): void {
    this.#rows.push(move);
    // now and then many at once: taking away the first of a list moves all others
    if (this.#rows.length > 2 * this.#max) this.#rows = this.#rows.slice(-this.#max);
  }

  /** Newest first. */
  latest(limit: number, vehicle?: string): SdnMove[] {
    const kept = this.#rows.slice(-this.#max);
    const rows = vehicle === undefined ? kept : kept.filter(row => row.vehicle === vehicle);
    return rows.slice(-limit).reverse();
  }
}
