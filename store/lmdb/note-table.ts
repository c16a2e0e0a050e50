import { decodeNote, encodeNote, noteKey, textKey } from '../rows/control-rows.js';
import type { NoteRow } from '../types.js';
import type { Environment, Table } from './environment.js';

/** What holds until it is taken back. Called inside the store's transactions and reads. */
export class NoteTable {
  readonly #rows: Table;

  constructor(environment: Environment) {
    this.#rows = environment.table('note');
  }

  put(row: NoteRow): void {
    void this.#rows.put(noteKey(row), encodeNote(row));
  }

  delete(kind: NoteRow['kind'], id: string): void {
    void this.#rows.remove(noteKey({ kind, id }));
  }

  list(kind: NoteRow['kind']): NoteRow[] {
    const [start, end] = [noteKey({ kind, id: '' }), textKey(`${kind}\x01`)];
    return Array.from(this.#rows.getRange({ start, end }), ({ value }) => decodeNote(value));
  }
}
