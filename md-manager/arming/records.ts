import { delay, type Timers } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Log } from '../../common/log.js';
import { MAX_STANDBYS_PER_WRITE, type ControlStore, type StandbyRow } from '../../store/types.js';

const RETRY_MS = 500;

export interface RecordDeps {
  readonly store: Pick<ControlStore, 'writeStandbys'>;
  readonly timers: Timers;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Rows of standby slots, written in groups: what comes while the disk is busy goes into the next write. */
export class StandbyRecords {
  readonly #deps: RecordDeps;
  #put = new Map<string, StandbyRow>();
  #ended = new Set<string>();
  #writing: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(deps: RecordDeps) {
    this.#deps = deps;
  }

  /** Resolves once the row is on disk; rejects with the signal's reason where the manager ends before. */
  put(row: StandbyRow): Promise<void> {
    this.#put.set(row.lease, row);
    return this.#write();
  }

  /** The lease is over: its row goes, in its time. A row that nobody needs any more harms nobody. */
  end(lease: string): void {
    this.#put.delete(lease);
    this.#ended.add(lease);
    this.#write().catch(() => undefined);
  }

  #write(): Promise<void> {
    this.#next ??= (this.#writing ?? Promise.resolve()).then(() => {
      this.#next = undefined;
      this.#writing = this.#commit().finally(() => (this.#writing = undefined));
      return this.#writing;
    });
    return this.#next;
  }

  async #commit(): Promise<void> {
    const [put, ended] = [[...this.#put.values()], [...this.#ended]];
    this.#put = new Map();
    this.#ended = new Set();
    const writes: Promise<void>[] = [];
    for (let at = 0; at < put.length + ended.length; at += MAX_STANDBYS_PER_WRITE) {
      const to = at + MAX_STANDBYS_PER_WRITE;
      const endedFrom = Math.max(0, at - put.length);
      writes.push(this.#commitSome(put.slice(at, to), ended.slice(endedFrom, Math.max(0, to - put.length))));
    }
    await Promise.all(writes);
  }

  async #commitSome(put: readonly StandbyRow[], ended: readonly string[]): Promise<void> {
    const { store, timers, log, signal } = this.#deps;
    for (;;) {
      try {
        await store.writeStandbys(put, ended);
        return;
      } catch (error) {
        log.error({ event: 'manager.effect.failed', effect: 'standby', error: messageOf(error) });
        await delay(RETRY_MS, signal, timers);
      }
    }
  }
}
