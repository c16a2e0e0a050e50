import { decodeStandby, encodeStandby } from '../../rows/control-rows.js';
import { fault } from '../../../protocol/errors.js';
import { MAX_STANDBYS_PER_WRITE, type StandbyRow } from '../../types.js';
import { statement, type Statement } from '../consistency.js';
import type { CassandraSession } from '../session.js';
import { blobOf } from './columns.js';

const PUT = 'INSERT INTO {control}.standby (lease, standby) VALUES (?, ?);';
const DELETE = 'DELETE FROM {control}.standby WHERE lease IN ?;';
const LIST = statement('standby.list', 'SELECT standby FROM {control}.standby');

/**
 * Slots under lease. They come and go all the time, each in a partition of its own: rows deleted from one partition would have to be
 * read past until they are forgotten (100,000 of them fail a read; deleted partitions do not count). A logged batch makes a
 * write all or none: once its log is on disk it is carried out, by whoever.
 */
export class StandbyTable {
  readonly #session: Pick<CassandraSession, 'run' | 'pages'>;
  readonly #batches = new Map<string, Statement>();

  constructor(session: Pick<CassandraSession, 'run' | 'pages'>) {
    this.#session = session;
  }

  async write(put: readonly StandbyRow[], ended: readonly string[]): Promise<void> {
    if (put.length === 0 && ended.length === 0) return;
    if (put.length + ended.length > MAX_STANDBYS_PER_WRITE)
      throw fault('STORE_FAILED', `${put.length + ended.length} standby slots in one write`);
    // A statement is prepared for few sizes; what fills the last one up is its last row again.
    const size = put.length === 0 ? 0 : 2 ** Math.ceil(Math.log2(put.length));
    const rows = put.map(row => [row.lease, encodeStandby(row)]);
    while (rows.length < size) rows.push(...rows.slice(-1));
    await this.#session.run(this.#batch(size, ended.length > 0), [
      ...rows.flat(),
      ...(ended.length > 0 ? [ended] : []),
    ]);
  }

  async list(): Promise<StandbyRow[]> {
    const rows: StandbyRow[] = [];
    for await (const row of this.#session.pages(LIST, [])) rows.push(decodeStandby(blobOf(row, 'standby')));
    return rows.sort((a, b) => (a.lease < b.lease ? -1 : 1));
  }

  #batch(puts: number, deletes: boolean): Statement {
    const key = `${puts} ${deletes}`;
    let batch = this.#batches.get(key);
    if (batch === undefined) {
      const lines = [...Array<string>(puts).fill(PUT), ...(deletes ? [DELETE] : [])];
      batch = statement('standby.write', `BEGIN BATCH ${lines.join(' ')} APPLY BATCH`);
      this.#batches.set(key, batch);
    }
    return batch;
  }
}
