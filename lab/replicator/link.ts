import type { Clock } from '../../common/clock.js';
import type { JournalRow } from '../../store/lmdb/journal.js';
import type { LmdbTwinStore } from '../../store/lmdb/twin-store.js';
import { decodeHistoryKey } from '../../store/rows/history-row.js';
import type { LiveCell } from '../../store/types.js';

/** One direction between two stores; `cut` and `lagMs` may be set at any time. */
export interface Link {
  readonly from: string;
  readonly to: string;
  cut: boolean;
  lagMs: number;
  /** Age of the oldest row that the source has and the target has not, 0 where there is none. */
  readonly behindMs: number;
  /** Copies what is due, in one commit of the target. Gives the number of report rows, `undefined` where nothing was due. */
  step(): Promise<number | undefined>;
}

/** Journal rows of one writer, and keys in all, that one step takes: a step holds the target's write lock. */
const STEP_JOURNAL_ROWS = 256;
const STEP_KEYS = 4_096;
const COPY_ROWS = 2_048;
const COPIED = 'copied';

/**
 * Copies one domain's journal to another domain's store. Positions lie in the target and are written in the commit that
 * they describe, so that a kill at any moment repeats nothing and skips nothing. The rows of one writer arrive in their
 * order.
 */
export class StoreLink implements Link {
  readonly from: string;
  readonly to: string;
  cut = false;
  lagMs: number;
  readonly #source: LmdbTwinStore;
  readonly #target: LmdbTwinStore;
  readonly #clock: Clock;
  readonly #positions: Map<string, number>;
  #behindMs = 0;

  constructor(source: LmdbTwinStore, target: LmdbTwinStore, options: { lagMs: number; clock: Clock }) {
    this.from = source.domain;
    this.to = target.domain;
    this.lagMs = options.lagMs;
    this.#source = source;
    this.#target = target;
    this.#clock = options.clock;
    this.#positions = target.positions(`${source.domain}/`);
  }

  get behindMs(): number {
    return this.#behindMs;
  }

  /** The last counter of a writer of the source that the target has. */
  position(writer: string): number {
    return this.#positions.get(`${this.from}/${writer}`) ?? 0;
  }

  async step(): Promise<number | undefined> {
    if (!this.#positions.has(`${this.from}/${COPIED}`) && !this.cut) return this.#copyAll();
    const due = this.#due();
    if (this.cut || due.length === 0) return undefined;
    const keys: Uint8Array[] = [];
    const live = new Map<string, readonly LiveCell[]>();
    const positions = new Map<string, number>();
    for (const { writer, row } of due) {
      positions.set(`${this.from}/${writer}`, row.counter);
      if (row.kind === 'history') keys.push(...row.items);
      else for (const item of row.items) this.#takeLive(live, Buffer.from(item).toString());
    }
    const rows = this.#source.rawRows(keys);
    await this.#target.replicate({ rows, live, positions });
    for (const [name, counter] of positions) this.#positions.set(name, counter);
    return rows.length;
  }

  #takeLive(live: Map<string, readonly LiveCell[]>, vehicle: string): void {
    if (!live.has(vehicle)) live.set(vehicle, this.#source.liveCells(vehicle));
  }

  /** Of each writer the first rows that are older than the lag; remembers how far the target is behind. */
  #due(): { readonly writer: string; readonly row: JournalRow }[] {
    const now = this.#clock.nowMs();
    const due: { writer: string; row: JournalRow }[] = [];
    let oldest = now;
    let keys = 0;
    for (const writer of this.#source.journal.writers()) {
      const limit = keys < STEP_KEYS && !this.cut ? STEP_JOURNAL_ROWS : 1;
      for (const row of this.#source.journal.read(writer, this.position(writer), limit)) {
        oldest = Math.min(oldest, row.writtenAtMs);
        if (row.writtenAtMs + this.lagMs > now || keys >= STEP_KEYS) break;
        due.push({ writer, row });
        keys += row.items.length;
      }
    }
    this.#behindMs = now - oldest;
    return due;
  }

  /** A target that never had anything from this source: the journal may have been dropped since, so all rows come. */
  async #copyAll(): Promise<number> {
    let copied = 0;
    for (let after: Uint8Array | undefined; !this.cut;) {
      const rows = this.#source.rawRowsAfter(after, COPY_ROWS);
      const vehicles = new Set(rows.map(row => decodeHistoryKey(row.key).vehicle));
      const live = new Map([...vehicles].map(vehicle => [vehicle, this.#source.liveCells(vehicle)]));
      after = rows.at(-1)?.key;
      const last = after === undefined;
      const positions = new Map(last ? [[`${this.from}/${COPIED}`, 1]] : []);
      await this.#target.replicate({ rows, live, positions });
      copied += rows.length;
      if (!last) continue;
      this.#positions.set(`${this.from}/${COPIED}`, 1);
      break;
    }
    return copied;
  }
}
