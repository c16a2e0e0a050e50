import { idOf } from './key-set.js';
import type { Key } from './key.js';

/** A report that waits to be sent. */
export interface Waiting {
  readonly key: Key;
  readonly length: number;
  readonly acceptedAtMs: number;
  /** Not to be put together with others: what was tried together was refused. */
  readonly alone: boolean;
}

/** The reports of one datagram. */
export class Parcel {
  /** All that were sent in it, in order. */
  readonly keys: readonly Key[];
  /** Order of its last transmission among all. */
  order: number;
  /** Those that were not given up meanwhile. */
  readonly #left: Map<string, Waiting>;

  constructor(reports: readonly Waiting[], order: number) {
    this.keys = reports.map(({ key }) => key);
    this.order = order;
    this.#left = new Map(reports.map(waiting => [idOf(waiting.key), waiting]));
  }

  get size(): number {
    return this.#left.size;
  }

  /** Gives up one of them; false where it is not in it. */
  drop(id: string): boolean {
    return this.#left.delete(id);
  }

  /** From now on each goes by itself. */
  part(): void {
    for (const [id, waiting] of this.#left) this.#left.set(id, { ...waiting, alone: true });
  }

  open(): Iterable<[string, Waiting]> {
    return this.#left;
  }
}
