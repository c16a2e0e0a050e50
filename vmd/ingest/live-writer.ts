import { every, type Clock, type Timers } from '../../common/clock.js';
import { compareCells } from '../../store/join.js';
import type { LiveCell, TwinStore } from '../../store/types.js';

const PERIOD_MS = 1_000;
const TICK_MS = 100;
/** Writes in progress: what waits meanwhile becomes one write, and reports are not held up behind a thousand of them. */
const WRITES_AT_ONCE = 32;

interface Entry {
  cells: Map<string, LiveCell>;
  /** Monotonic; not written again before. */
  dueMs: number;
}

/**
 * Live cells on their way to the store, off the acknowledgement path: at most one write per vehicle and second. They are
 * a cache of history, so a write that fails is only counted: the next report of the signal mends it. The slower the store,
 * the less often it is written to.
 */
export class LiveWriter implements AsyncDisposable {
  readonly #store: Pick<TwinStore, 'putLive'>;
  readonly #clock: Clock;
  readonly #onFailed: (error: unknown) => void;
  readonly #entries = new Map<string, Entry>();
  readonly #writes = new Set<Promise<void>>();
  readonly #stop: () => void;
  #closing = false;

  constructor(options: {
    readonly store: Pick<TwinStore, 'putLive'>;
    readonly clock: Clock;
    readonly timers: Timers;
    readonly onFailed: (error: unknown) => void;
  }) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#onFailed = options.onFailed;
    this.#stop = every(options.timers, TICK_MS, () => this.#turn());
  }

  add(vehicle: string, cells: readonly LiveCell[]): void {
    let entry = this.#entries.get(vehicle);
    if (entry === undefined) {
      entry = { cells: new Map(), dueMs: 0 };
      this.#entries.set(vehicle, entry);
    }
    for (const cell of cells) {
      const held = entry.cells.get(cell.signal);
      if (held === undefined || compareCells(cell, held) > 0) entry.cells.set(cell.signal, cell);
    }
  }

  #turn(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [vehicle, entry] of this.#entries) {
      if (this.#writes.size >= WRITES_AT_ONCE) return;
      if (entry.dueMs > nowMs) continue;
      if (entry.cells.size === 0) {
        this.#entries.delete(vehicle);
        continue;
      }
      // To the end of the queue: a vehicle that was passed over comes first at the next turn.
      this.#entries.delete(vehicle);
      this.#entries.set(vehicle, { cells: new Map(), dueMs: nowMs + PERIOD_MS });
      this.#write(vehicle, entry);
    }
  }

  #write(vehicle: string, entry: Entry): void {
    const write = this.#store
      .putLive(vehicle, [...entry.cells.values()])
      .catch(this.#onFailed)
      .finally(() => {
        this.#writes.delete(write);
        if (!this.#closing) this.#turn();
      });
    this.#writes.add(write);
  }

  /** Writes what is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    this.#stop();
    for (const [vehicle, entry] of this.#entries) if (entry.cells.size > 0) this.#write(vehicle, entry);
    this.#entries.clear();
    await Promise.all(this.#writes);
  }
}
