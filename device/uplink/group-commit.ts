import type { Clock, Timers } from '../../common/clock.js';
import type { Entry } from './holdings.js';
import type { OutboxRecord } from './records.js';

/** A report in the next commit. `frozen`: its record holds the bytes. */
export interface Step {
  readonly entry: Entry;
  readonly frozen: boolean;
}

/** What goes to the disk at once. */
export interface Batch {
  readonly records: readonly OutboxRecord[];
  readonly steps: readonly Step[];
  /** Settled by records of this batch or one before. */
  readonly settled: readonly Entry[];
  /** The last one of this run: to be synced whatever it holds. */
  readonly last: boolean;
}

/** `unsynced`: written, but what was settled is not durable yet. `failed`: the whole batch has to be written again. */
export type Written = 'durable' | 'unsynced' | 'failed';

export interface GroupCommitOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly syncMs: number;
  /** Never rejects. */
  readonly write: (batch: Batch) => Promise<Written>;
  /** After a batch was written; may add to the next one. */
  readonly onWritten: (batch: Batch, written: Exclude<Written, 'failed'>) => Promise<void>;
}

const SYNC_REPORTS = 16;
const RETRY_MS = 1_000;

/**
 * Gathers what is to be written and writes it in groups, one at a time: `syncMs` after the last one or at 16 reports,
 * whichever comes first; when the disk fails, again after a second.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  #records: OutboxRecord[] = [];
  #steps: Step[] = [];
  #settled: Entry[] = [];
  #syncedAtMs = -Infinity;
  #working: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;
  #failed = false;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /** Reports that wait for the disk. */
  get steps(): readonly Step[] {
    return this.#steps;
  }

  /** The last write failed, and is tried again. */
  get failed(): boolean {
    return this.#failed;
  }

  record(record: OutboxRecord): void {
    this.#records.push(record);
  }

  step(step: Step): void {
    this.#steps.push(step);
  }

  settled(entries: readonly Entry[]): void {
    this.#settled.push(...entries);
  }

  schedule(): void {
    if (this.#working !== undefined || this.#cancelTimer !== undefined) {
      if (this.#steps.length < SYNC_REPORTS || this.#failed || this.#working !== undefined) return;
      this.#disarm();
    }
    const { clock, timers, syncMs } = this.#options;
    const waitMs = this.#failed
      ? RETRY_MS
      : this.#steps.length >= SYNC_REPORTS
        ? 0
        : Math.max(0, this.#syncedAtMs + syncMs - clock.monotonicMs());
    this.#cancelTimer = timers.after(waitMs, () => {
      this.#cancelTimer = undefined;
      this.#working = this.commit().finally(() => {
        this.#working = undefined;
        if (this.#records.length > 0) this.schedule();
      });
    });
  }

  /** Writes what waits now. Not while another one runs. Never rejects. */
  async commit(last = false): Promise<void> {
    const batch = {
      records: this.#records.splice(0),
      steps: this.#steps.splice(0),
      settled: this.#settled.splice(0),
      last,
    };
    const written = await this.#options.write(batch);
    this.#failed = written === 'failed';
    if (written === 'failed') {
      this.#records.unshift(...batch.records);
      this.#steps.unshift(...batch.steps);
    }
    if (written !== 'durable') this.#settled.unshift(...batch.settled);
    if (written === 'failed') return;
    this.#syncedAtMs = this.#options.clock.monotonicMs();
    await this.#options.onWritten(batch, written);
  }

  /** Resolves when everything that was added is written, or the disk has failed. */
  async flush(): Promise<void> {
    while (this.#working !== undefined || this.#steps.length > 0) {
      this.#disarm();
      this.#working ??= this.commit().finally(() => {
        this.#working = undefined;
      });
      await this.#working;
      if (this.#failed) return;
    }
  }

  /** Writes and syncs everything, and ends. */
  async close(): Promise<void> {
    await this.flush();
    this.#disarm();
    await this.commit(true);
    this.#disarm();
  }

  #disarm(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }
}
