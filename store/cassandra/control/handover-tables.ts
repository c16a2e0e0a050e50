import { decodeHandover, encodeHandover } from '../../rows/control-rows.js';
import type { HandoverRow } from '../../types.js';
import { statement } from '../consistency.js';
import type { CassandraSession } from '../session.js';
import { blobOf, intOf } from './columns.js';

const OPEN = statement('handover.open', 'INSERT INTO {control}.handover_open (id, handover) VALUES (?, ?)');
const CLOSE = statement('handover.close', 'DELETE FROM {control}.handover_open WHERE id = ?');
const END = statement('handover.end', 'INSERT INTO {control}.handover (id, handover) VALUES (?, ?)');
const HOUR = statement('handover.hour', 'INSERT INTO {control}.handover_hour (part, hour) VALUES (0, ?)');
const LIST_BY_HOUR = statement(
  'handover.list-by-hour',
  'INSERT INTO {control}.handover_by_hour (hour, started, id, handover) VALUES (?, ?, ?, ?)',
);
const LIST_BY_VEHICLE = statement(
  'handover.list-by-vehicle',
  'INSERT INTO {control}.handover_by_vehicle (vehicle, started, id, handover) VALUES (?, ?, ?, ?)',
);
const READ = statement('handover.read', 'SELECT handover FROM {control}.handover WHERE id = ?');
const READ_OPEN = statement('handover.read-open', 'SELECT handover FROM {control}.handover_open WHERE id = ?');
const OPEN_LIST = statement('handover.open-list', 'SELECT handover FROM {control}.handover_open');
const HOURS = statement('handover.hours', 'SELECT hour FROM {control}.handover_hour WHERE part = 0');
const BY_HOUR = statement('handover.by-hour', 'SELECT handover FROM {control}.handover_by_hour WHERE hour = ? LIMIT ?');
const BY_VEHICLE = statement(
  'handover.by-vehicle',
  'SELECT handover FROM {control}.handover_by_vehicle WHERE vehicle = ? LIMIT ?',
);

const HOUR_MS = 3_600_000;
const MAX_INT = 2 ** 31 - 1;
/** Hours that this process has already listed. */
const MAX_HOURS = 64;
const READ_AT_ONCE = 32;

/**
 * Intents and the ledger. An open hand-over is one row of one table, so that its intent is one write. One that has ended is first
 * listed by hour and by vehicle, then kept under its id, and only then removed from those that are open: a writer that dies on
 * the way leaves a hand-over that is still open, and is ended again with the same keys; or one that is in both, and has ended.
 */
export class HandoverTables {
  readonly #session: Pick<CassandraSession, 'run' | 'pages'>;
  readonly #hours = new Set<number>();

  constructor(session: Pick<CassandraSession, 'run' | 'pages'>) {
    this.#session = session;
  }

  async put(row: HandoverRow): Promise<void> {
    const handover = encodeHandover(row);
    if (row.open) {
      await this.#session.run(OPEN, [row.id, handover]);
      return;
    }
    const { id, vehicle } = row;
    const started = startedOf(row);
    const hour = Math.floor(started / HOUR_MS);
    await this.#listHour(hour);
    await Promise.all([
      this.#session.run(LIST_BY_HOUR, [hour, BigInt(started), id, handover]),
      this.#session.run(LIST_BY_VEHICLE, [vehicle, BigInt(started), id, handover]),
    ]);
    await this.#session.run(END, [id, handover]);
    await this.#session.run(CLOSE, [id]);
  }

  async read(id: string): Promise<HandoverRow | undefined> {
    const [[ended], [open]] = await Promise.all([this.#session.run(READ, [id]), this.#session.run(READ_OPEN, [id])]);
    const row = ended ?? open;
    return row === undefined ? undefined : decodeHandover(blobOf(row, 'handover'));
  }

  /** By id. */
  async open(): Promise<HandoverRow[]> {
    const listed = await this.#openListed();
    const open: HandoverRow[] = [];
    for (let i = 0; i < listed.length; i += READ_AT_ONCE) {
      const some = listed.slice(i, i + READ_AT_ONCE);
      const ended = await Promise.all(some.map(async ({ id }) => (await this.#session.run(READ, [id])).length > 0));
      open.push(...some.filter((_, j) => ended[j] === false));
    }
    return open.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Newest first. */
  async newest(limit: number, vehicle?: string): Promise<HandoverRow[]> {
    const open = (await this.#openListed()).filter(row => vehicle === undefined || row.vehicle === vehicle);
    const found = new Map(open.map(row => [row.id, row]));
    const ended = vehicle === undefined ? this.#byHour(limit) : this.#listed(BY_VEHICLE, vehicle, limit);
    for await (const row of ended) found.set(row.id, row);
    return [...found.values()].sort(newestFirst).slice(0, limit);
  }

  async *#byHour(limit: number): AsyncGenerator<HandoverRow> {
    let left = limit;
    if (left <= 0) return;
    for await (const row of this.#session.pages(HOURS, [])) {
      for await (const handover of this.#listed(BY_HOUR, intOf(row, 'hour'), left)) {
        left--;
        yield handover;
      }
      if (left <= 0) return;
    }
  }

  async *#listed(list: typeof BY_HOUR, of: number | string, limit: number): AsyncGenerator<HandoverRow> {
    if (limit <= 0) return;
    for await (const row of this.#session.pages(list, [of, Math.min(limit, MAX_INT)]))
      yield decodeHandover(blobOf(row, 'handover'));
  }

  async #openListed(): Promise<HandoverRow[]> {
    const rows: HandoverRow[] = [];
    for await (const row of this.#session.pages(OPEN_LIST, [])) rows.push(decodeHandover(blobOf(row, 'handover')));
    return rows;
  }

  async #listHour(hour: number): Promise<void> {
    if (this.#hours.has(hour)) return;
    await this.#session.run(HOUR, [hour]);
    if (this.#hours.size >= MAX_HOURS) this.#hours.clear();
    this.#hours.add(hour);
  }
}

/** Stamps may have fractions; the order of two hand-overs of one millisecond is that of their ids. */
const startedOf = ({ startedAtMs }: HandoverRow): number => Math.floor(startedAtMs);

const newestFirst = (a: HandoverRow, b: HandoverRow): number =>
  startedOf(b) - startedOf(a) || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
