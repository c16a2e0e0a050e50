import { decodeNote, encodeNote } from '../../rows/control-rows.js';
import type { NoteRow } from '../../types.js';
import { statement } from '../consistency.js';
import type { CassandraSession } from '../session.js';
import { blobOf } from './columns.js';

const PUT = statement('note.put', 'INSERT INTO {control}.note (kind, id, note) VALUES (?, ?, ?) USING TIMESTAMP ?');
const DELETE = statement('note.delete', 'DELETE FROM {control}.note USING TIMESTAMP ? WHERE kind = ? AND id = ?');
const LIST = statement('note.list', 'SELECT note FROM {control}.note');

/** Beyond every time of a clock (microseconds since 1970): rows of releases that wrote those are older than all. */
const AFTER_CLOCKS = 2n ** 53n;
/** Words of one leader. */
const WORDS = 2n ** 32n;

/**
 * What holds until it is taken back: few rows, each in a partition of its own. Written blindly: of two words the cluster keeps the one with
 * the later timestamp, which here is no clock's but the writer's term, then the number of its word. So whatever a leader says stands
 * against all that those before it said, in whichever order it arrives.
 */
export class NoteTable {
  readonly #session: Pick<CassandraSession, 'run' | 'pages'>;
  #words = 0n;

  constructor(session: Pick<CassandraSession, 'run' | 'pages'>) {
    this.#session = session;
  }

  async put(row: NoteRow, term: number): Promise<void> {
    await this.#session.run(PUT, [row.kind, row.id, encodeNote(row), this.#next(term)]);
  }

  async delete(kind: NoteRow['kind'], id: string, term: number): Promise<void> {
    await this.#session.run(DELETE, [this.#next(term), kind, id]);
  }

  async list(kind: NoteRow['kind']): Promise<NoteRow[]> {
    const rows: NoteRow[] = [];
    for await (const row of this.#session.pages(LIST, [])) {
      const note = decodeNote(blobOf(row, 'note'));
      if (note.kind === kind) rows.push(note);
    }
    return rows.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  #next(term: number): bigint {
    return AFTER_CLOCKS + BigInt(term) * WORDS + ++this.#words;
  }
}
