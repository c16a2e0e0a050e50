import { decodeHistoryRow, historyKeyFrom, MAX_TIME_MS } from '../rows/history-row.js';
import type { HistoryRange, HistoryRow } from '../types.js';
import { after, readFrom, type Environment, type Table } from './environment.js';

/** A row as it lies in the store. */
export interface RawRow {
  readonly key: Uint8Array;
  readonly value: Buffer;
}

/** Rows read at once: a reader that stops between two pages holds no snapshot, so pages of the file can be used again. */
const PAGE_ROWS = 512;
const NO_OVERWRITE = { noOverwrite: true } as const;
const ignore = (): void => undefined;

/** `report_history` in one table; each read goes by pages and sees new rows ahead of it. */
export class HistoryTable {
  readonly #environment: Environment;
  readonly #table: Table;

  constructor(environment: Environment, table: Table) {
    this.#environment = environment;
    this.#table = table;
  }

  /** Inside a batch or transaction. The first row of a key stays: a report's bytes never change. */
  putNew(row: RawRow): void {
    // Each such put has a promise of its own; that the commit failed is told by the one of the batch.
    this.#table.put(row.key, row.value, NO_OVERWRITE as never).catch(ignore);
  }

  async *ofVehicle(vehicle: string, range: HistoryRange): AsyncGenerator<HistoryRow> {
    const low = historyKeyFrom(vehicle, Math.ceil(range.fromMs ?? 0));
    const high = historyKeyFrom(vehicle, Math.ceil(range.toMs ?? MAX_TIME_MS + 1));
    // Boots begin at 1, so neither bound is ever the key of a row.
    let left = range.limit ?? Infinity;
    let cursor = range.reverse ? high : low;
    let exclusiveStart = range.reverse ?? false;
    while (left > 0) {
      const limit = Math.min(PAGE_ROWS, left);
      const page = this.#page(
        range.reverse
          ? { start: cursor, end: low, reverse: true, exclusiveStart, limit }
          : { start: exclusiveStart ? after(cursor) : cursor, end: high, limit },
      );
      for (const row of page) yield decodeHistoryRow(row.key, row.value, vehicle);
      const last = page.at(-1);
      if (last === undefined || page.length < limit) return;
      left -= page.length;
      cursor = Buffer.from(last.key);
      exclusiveStart = true;
    }
  }

  async *all(): AsyncGenerator<HistoryRow> {
    for (let cursor: Uint8Array | undefined; ;) {
      const page = this.rawRowsAfter(cursor, PAGE_ROWS);
      for (const row of page) yield decodeHistoryRow(row.key, row.value);
      cursor = page.at(-1)?.key;
      if (cursor === undefined) return;
    }
  }

  rawRows(keys: readonly Uint8Array[]): RawRow[] {
    this.#environment.refresh();
    return readFrom('reports', () => {
      const rows: RawRow[] = [];
      for (const key of keys) {
        const value = this.#table.get(key);
        if (value !== undefined) rows.push({ key, value });
      }
      return rows;
    });
  }

  rawRowsAfter(key: Uint8Array | undefined, limit: number): RawRow[] {
    return this.#page({ start: key === undefined ? Buffer.alloc(1) : after(key), limit });
  }

  #page(range: Parameters<Table['getRange']>[0]): RawRow[] {
    this.#environment.refresh();
    return readFrom('reports', () => [...this.#table.getRange(range)]);
  }
}
