import type { SdnMove } from '../protocol/api/sdn-app.js';

/** The last moves of all vehicles, the oldest forgotten first. */
export class Moves {
  readonly #rows: SdnMove[] = [];
  readonly #max: number;

  constructor(max = 1_000) {
    this.#max = max;
  }

  add(move: SdnMove): void {
    this.#rows.push(move);
    if (this.#rows.length > this.#max) this.#rows.splice(0, this.#rows.length - this.#max);
  }

  /** Newest first. */
  latest(limit: number, vehicle?: string): SdnMove[] {
    const rows = vehicle === undefined ? this.#rows : this.#rows.filter(row => row.vehicle === vehicle);
    return rows.slice(-limit).reverse();
  }
}
