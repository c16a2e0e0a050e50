import { decodeOrder, encodeOrder } from '../../rows/control-rows.js';
import type { OrderRow } from '../../types.js';
import { statement } from '../consistency.js';
import type { CassandraSession } from '../session.js';
import { blobOf } from './columns.js';

const ADD = statement('order.add', 'INSERT INTO {control}.order_by_day (day, at, id, ordered) VALUES (?, ?, ?, ?)');
const LIST = statement('order.list', 'SELECT ordered FROM {control}.order_by_day WHERE day = ? LIMIT ?');
const DAY_MS = 86_400_000;

/** The audit log, a partition a day. */
export class OrderTable {
  readonly #session: Pick<CassandraSession, 'run' | 'pages'>;

  constructor(session: Pick<CassandraSession, 'run' | 'pages'>) {
    this.#session = session;
  }

  async add(rows: readonly OrderRow[]): Promise<void> {
    await Promise.all(
      rows.map(row =>
        this.#session.run(ADD, [Math.floor(row.atMs / DAY_MS), BigInt(row.atMs), row.id, encodeOrder(row)]),
      ),
    );
  }

  async list(day: number, limit: number): Promise<OrderRow[]> {
    const rows: OrderRow[] = [];
    for await (const row of this.#session.pages(LIST, [day, limit])) rows.push(decodeOrder(blobOf(row, 'ordered')));
    return rows;
  }
}
