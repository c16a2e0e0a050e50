import type { Clock } from '../../common/clock.js';

export interface GroupCommitOptions<T> {
  /** Items that wait or are being written, at most. */
  readonly limit: number;
  /** Batches that are written at once. */
  readonly inFlight: number;
  /** Items of one batch, at most. */
  readonly size: number;
  readonly clock: Clock;
  /** Resolves once every item is durable. */
  write(batch: readonly T[]): Promise<void>;
  onDurable(batch: readonly T[]): void;
  onFailed(batch: readonly T[], error: unknown): void;
}

/**
 * Group commit: while batches are being written the next one collects, so that the price of a disk sync is shared by all
 * that arrived meanwhile.
 */
export class GroupCommit<T> {
  readonly #options: GroupCommitOptions<T>;
  readonly #waiting: T[] = [];
  #depth = 0;
  #scheduled = false;
  readonly #writes = new Map<Promise<void>, number>();

  constructor(options: GroupCommitOptions<T>) {
    this.#options = options;
  }

  /** Takes an item; false at the bound. */
  push(item: T): boolean {
    if (this.#depth >= this.#options.limit) return false;
    this.#depth++;
    this.#waiting.push(item);
    this.#schedule();
    return true;
  }

  get depth(): number {
    return this.#depth;
  }

  /** How long the oldest write in progress has been waiting, milliseconds; 0 where there is none. */
  get stalledMs(): number {
    const [startedAtMs] = this.#writes.values();
    return startedAtMs === undefined ? 0 : this.#options.clock.monotonicMs() - startedAtMs;
  }

  /** Resolves once everything pushed before is settled. */
  async flushed(): Promise<void> {
    while (this.#waiting.length > 0) this.#write();
    await Promise.all(this.#writes.keys());
  }

  #schedule(): void {
    if (this.#scheduled || this.#writes.size >= this.#options.inFlight || this.#waiting.length === 0) return;
    this.#scheduled = true;
    // Behind the sockets of this turn of the loop: all datagrams that are there already share the commit.
    setImmediate(() => {
      this.#scheduled = false;
      while (this.#waiting.length > 0 && this.#writes.size < this.#options.inFlight) this.#write();
    });
  }

  #write(): void {
    const { clock, size, write, onDurable, onFailed } = this.#options;
    const batch = this.#waiting.splice(0, size);
    const startedAtMs = clock.monotonicMs();
    const settled = (): void => {
      this.#depth -= batch.length;
      this.#writes.delete(done);
      this.#schedule();
    };
    const done = write(batch).then(
      () => {
        settled();
        onDurable(batch);
      },
      (error: unknown) => {
        settled();
        onFailed(batch, error);
      },
    );
    this.#writes.set(done, startedAtMs);
  }
}
