import { decodeNote, encodeNote } from '../../rows/control-rows.js';
import type { NoteRow } from '../../types.js';
import { statement } from '../consistency.js';
import type { CassandraSession } from '../session.js';
import { blobOf } from './columns.js';

const PUT = statement('note.put', 'INSERT INTO {control}.note (kind, id, note) VALUES (?, ?, ?)');
const DELETE = statement('note.delete', 'DELETE FROM {control}.note WHERE kind = ? AND id = ?');
const LIST = statement('note.list', 'SELECT note FROM {control}.note');

/** What holds until it is taken back: few rows, each in a partition of its own. Written by the leader alone: blind writes. */
export class NoteTable {
  readonly #session: Pick<CassandraSession, 'run' | 'pages'>;

  constructor(session: Pick<CassandraSession, 'run' | 'pages'>) {
    this.#session = session;
  }

  async put(row: NoteRow): Promise<void> {
    await this.#session.run(PUT, [row.kind, row.id, encodeNote(row)]);
  }

  async delete(kind: NoteRow['kind'], id: string): Promise<void> {
    await this.#session.run(DELETE, [kind, id]);
  }

  async list(kind: NoteRow['kind']): Promise<NoteRow[]> {
    const rows: NoteRow[] = [];
    for await (const row of this.#session.pages(LIST, [])) {
      const note = decodeNote(blobOf(row, 'note'));
      if (note.kind === kind) rows.push(note);
    }
    return rows.sort((a, b) => (a.id < b.id ? -1 : 1));
  }
}
