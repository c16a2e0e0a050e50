import { fault } from '../../protocol/errors.js';

interface Group<T> {
  readonly items: T[];
  readonly done: Promise<void>;
  resolve(): void;
  reject(error: unknown): void;
}

function newGroup<T>(): Group<T> {
  let resolve: () => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const done = new Promise<void>((onDone, onFailed) => {
    resolve = onDone;
    reject = onFailed;
  });
  return { items: [], done, resolve, reject };
}

export interface GroupCommitOptions<T> {
  /** Writes a group; resolves once it is durable. */
  commit(items: readonly T[]): Promise<void>;
  /** How many groups may be with the disk at once: with two, one is prepared while the other is synced. */
  readonly inFlight: number;
  /** Items that may wait; beyond, `submit` is refused with STORE_FAILED. */
  readonly maxWaiting: number;
}

/** Gathers what arrives while the disk is busy into one commit: the sync costs the same for one row and for a thousand. */
export class GroupCommit<T> {
  readonly #options: GroupCommitOptions<T>;
  readonly #running = new Set<Promise<void>>();
  #next: Group<T> | undefined;
  #scheduled = false;

  constructor(options: GroupCommitOptions<T>) {
    this.#options = options;
  }

  /** Resolves once the items' group is durable, rejects where its commit failed. */
  submit(items: readonly T[]): Promise<void> {
    const group = (this.#next ??= newGroup());
    if (group.items.length > 0 && group.items.length + items.length > this.#options.maxWaiting)
      return Promise.reject(fault('STORE_FAILED', `${group.items.length} rows wait for the disk`));
    for (const item of items) group.items.push(item);
    this.#schedule();
    return group.done;
  }

  /** After everything that was submitted has been written or refused. */
  async settled(): Promise<void> {
    while (this.#next !== undefined || this.#running.size > 0) {
      if (this.#next !== undefined && this.#running.size < this.#options.inFlight) this.#flush();
      else await Promise.race(this.#running);
    }
  }

  #schedule(): void {
    if (this.#scheduled || this.#running.size >= this.#options.inFlight) return;
    this.#scheduled = true;
    // Behind the sockets of this turn of the loop: all datagrams that are there already join the group.
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#running.size < this.#options.inFlight) this.#flush();
    });
  }

  #flush(): void {
    const group = this.#next;
    if (group === undefined) return;
    this.#next = undefined;
    const run = this.#options
      .commit(group.items)
      .then(group.resolve, group.reject)
      .finally(() => {
        this.#running.delete(run);
        if (this.#next !== undefined) this.#schedule();
      });
    this.#running.add(run);
  }
}
