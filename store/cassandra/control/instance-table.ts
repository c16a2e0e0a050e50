import { decodeInstance, encodeInstance } from '../../rows/control-rows.js';
import type { InstanceRow } from '../../types.js';
import { statement } from '../consistency.js';
import type { CassandraSession } from '../session.js';
import { blobOf } from './columns.js';

const PUT = statement('instance.put', 'INSERT INTO {control}.instance (host, instance) VALUES (?, ?)');
const DELETE = statement('instance.delete', 'DELETE FROM {control}.instance WHERE host = ?');
const LIST = statement('instance.list', 'SELECT instance FROM {control}.instance');

/** vMD hosts that run, or are about to. Written by the one manager that runs them: blind writes. */
export class InstanceTable {
  readonly #session: Pick<CassandraSession, 'run' | 'pages'>;

  constructor(session: Pick<CassandraSession, 'run' | 'pages'>) {
    this.#session = session;
  }

  async put(row: InstanceRow): Promise<void> {
    await this.#session.run(PUT, [row.host, encodeInstance(row)]);
  }

  async delete(host: string): Promise<void> {
    await this.#session.run(DELETE, [host]);
  }

  async list(): Promise<InstanceRow[]> {
    const rows: InstanceRow[] = [];
    for await (const row of this.#session.pages(LIST, [])) rows.push(decodeInstance(blobOf(row, 'instance')));
    return rows.sort((a, b) => (a.host < b.host ? -1 : 1));
  }
}
