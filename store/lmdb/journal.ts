import { randomBytes } from 'node:crypto';
import {
  decodeJournalEntry,
  decodeJournalKey,
  encodeJournalEntry,
  encodeJournalKey,
  type JournalEntry,
} from '../rows/journal-row.js';
import { after, readFrom, written, type Environment, type Table } from './environment.js';

export interface JournalRow extends JournalEntry {
  readonly counter: number;
}

/**
 * One order of journal rows. Rows of history and of live cells have a writer each: lmdb-js may run a transaction's
 * callback after a batch that was queued later, and a reader that has seen counter n never looks for n − 1 again.
 */
export class JournalWriter {
  readonly #table: Table;
  readonly #writer = randomBytes(8);
  #counter = 0;

  constructor(table: Table) {
    this.#table = table;
  }

  /** To be called inside the batch or transaction that writes the rows themselves. */
  add(entry: JournalEntry): void {
    void this.#table.put(encodeJournalKey(this.#writer, ++this.#counter), encodeJournalEntry(entry));
  }
}

/** What the replicator sees of a domain's journal. Writers are hex texts. */
export class JournalReader {
  readonly #environment: Environment;
  readonly #table: Table;

  constructor(environment: Environment, table: Table) {
    this.#environment = environment;
    this.#table = table;
  }

  /** Writers that have rows here: one seek each. */
  writers(): string[] {
    this.#environment.refresh();
    return readFrom('journal', () => {
      const writers: string[] = [];
      for (let start: Uint8Array = Buffer.alloc(1); ;) {
        const [key] = this.#table.getKeys({ start, limit: 1 });
        if (key === undefined) return writers;
        const { writer } = decodeJournalKey(key);
        writers.push(writer);
        start = encodeJournalKey(Buffer.from(writer, 'hex'), 2 ** 48 - 1);
      }
    });
  }

  /** Rows of `writer` behind counter `position`, in order. */
  read(writer: string, position: number, limit: number): JournalRow[] {
    const id = Buffer.from(writer, 'hex');
    const start = after(encodeJournalKey(id, position));
    const end = encodeJournalKey(id, 2 ** 48 - 1);
    return readFrom('journal', () =>
      Array.from(this.#table.getRange({ start, end, limit }), ({ key, value }) => ({
        counter: decodeJournalKey(key).counter,
        ...decodeJournalEntry(value),
      })),
    );
  }

  /** Forgets the rows of `writer` up to and with `counter`; at most `limit` at once, the number of which it gives. */
  async drop(writer: string, counter: number, limit = 10_000): Promise<number> {
    const id = Buffer.from(writer, 'hex');
    const keys = readFrom('journal', () => [
      ...this.#table.getKeys({ start: encodeJournalKey(id, 0), end: after(encodeJournalKey(id, counter)), limit }),
    ]);
    if (keys.length === 0) return 0;
    await written('dropping journal rows', () =>
      this.#environment.root.batch(() => {
        for (const key of keys) void this.#table.remove(key);
      }),
    );
    return keys.length;
  }

  /** How many rows wait. */
  size(): number {
    this.#environment.refresh();
    // lmdb keeps the count of a table in its root; getCount would walk over all rows.
    return readFrom('journal', () => (this.#table.getStats() as { readonly entryCount: number }).entryCount);
  }
}
