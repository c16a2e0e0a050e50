import { randomUUID } from 'node:crypto';
import type { Clock } from '../../common/clock.js';
import { Refused } from './door.js';

export type Bag = Record<string, unknown>;
export interface Kept {
  readonly id: string;
  readonly body: Bag;
  readonly untilMs: number | undefined;
}

/** The subscriptions that a far end has; those whose time is over are gone. */
export class Book {
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #kept = new Map<string, Kept>();

  constructor(clock: Pick<Clock, 'nowMs'>) {
    this.#clock = clock;
  }

  put(body: Bag, untilMs: number | undefined, id: string = randomUUID()): Kept {
    const kept = { id, body, untilMs };
    this.#kept.set(id, kept);
    return kept;
  }

  /** 404 where there is none, or none any more. */
  get(id: string): Kept {
    const found = this.all().find(one => one.id === id);
    if (found === undefined) throw new Refused(404, `no subscription ${id}`);
    return found;
  }

  remove(id: string): void {
    this.get(id);
    this.#kept.delete(id);
  }

  all(): readonly Kept[] {
    const nowMs = this.#clock.nowMs();
    for (const { id, untilMs } of [...this.#kept.values()])
      if (untilMs !== undefined && untilMs <= nowMs) this.#kept.delete(id);
    return [...this.#kept.values()];
  }

  /** As after a restart without a disk. */
  forget(): void {
    this.#kept.clear();
  }
}
