import { fault } from '../../protocol/errors.js';
import { decodeHistoryValue, encodeHistoryValue, MAX_TIME_MS } from '../rows/history-row.js';
import type { HistoryRange, HistoryRow } from '../types.js';
import { statement } from './consistency.js';
import { dayOf, partitionName, WrittenDays } from './days.js';
import type { Row } from './driver.js';
import { quorumSpansDomains, replicationText } from './replication.js';
import type { CassandraSession } from './session.js';

const INSERT = `INSERT INTO {twin}.report_history (vehicle, day, time, boot, seq, report) VALUES (?, ?, ?, ?, ?, ?)`;
const APPEND = {
  local: statement('history.append', INSERT),
  replicated: statement('history.append-replicated', INSERT),
} as const;
const PUT_DAY = {
  local: statement('history.day', `INSERT INTO {twin}.report_day (vehicle, day) VALUES (?, ?)`),
  replicated: statement('history.day-replicated', `INSERT INTO {twin}.report_day (vehicle, day) VALUES (?, ?)`),
} as const;
const READ = `SELECT time, boot, seq, report FROM {twin}.report_history WHERE vehicle = ? AND day = ? AND time >= ? AND time < ?`;
const FORWARD = statement('history.read', `${READ} LIMIT ?`);
const BACKWARD = statement('history.read', `${READ} ORDER BY time DESC, boot DESC, seq DESC LIMIT ?`);
const DAYS = statement('history.days', `SELECT day FROM {twin}.report_day WHERE vehicle = ? AND day >= ? AND day <= ?`);
const PARTITIONS = statement('history.scan', `SELECT DISTINCT vehicle, day FROM {twin}.report_history`);

/** Who has a report on disk before it is acknowledged: the domain, or a second one, too. */
export type Ack = 'local' | 'replicated';

/** Vehicles and days whose entry in the index is remembered, about 10 MB. */
const MAX_WRITTEN_DAYS = 100_000;
/** The largest `int` of CQL. */
const NO_LIMIT = 2 ** 31 - 1;

/** `report_history`: a partition for each vehicle and UTC day, and the index of days beside it. */
export class HistoryTable {
  readonly #session: CassandraSession;
  readonly #ack: Ack;
  readonly #nowMs: () => number;
  readonly #written = new WrittenDays(MAX_WRITTEN_DAYS);
  /** Whether replication was seen to be such that QUORUM means a second domain. */
  #spans = false;

  constructor(session: CassandraSession, ack: Ack, nowMs: () => number) {
    this.#session = session;
    this.#ack = ack;
    this.#nowMs = nowMs;
  }

  /** Resolves once every row is on disk; its day is in the index by then. */
  async append(rows: readonly HistoryRow[]): Promise<void> {
    this.#checkAck();
    const values = rows.map(encodeHistoryValue);
    const nowMs = this.#nowMs();
    await Promise.all(rows.map((row, i) => this.#insert(row, values[i] ?? encodeHistoryValue(row), nowMs)));
  }

  /** Under `replicated` a majority of all replicas must not be in one datacentre, or it is no second domain that is waited for. */
  #checkAck(): void {
    if (this.#ack === 'local' || this.#spans) return;
    const replication = this.#session.replication('twin');
    if (replication === undefined) return;
    if (!quorumSpansDomains(replication))
      throw fault('STORE_NOT_DURABLE', `ack=replicated, but replication is ${replicationText(replication)}`);
    this.#spans = true;
  }

  async #insert(row: HistoryRow, value: Buffer, nowMs: number): Promise<void> {
    const { vehicle, timeMs, boot, seq } = row;
    const day = dayOf(timeMs);
    // Together, not one after the other: the report is acknowledged once both are there.
    await Promise.all([
      this.#written.ensure(partitionName(vehicle, day), nowMs, () =>
        this.#session.run(PUT_DAY[this.#ack], [vehicle, day]),
      ),
      this.#session.run(APPEND[this.#ack], [vehicle, day, BigInt(timeMs), BigInt(boot), BigInt(seq), value]),
    ]);
  }

  async *ofVehicle(vehicle: string, range: HistoryRange): AsyncGenerator<HistoryRow> {
    const fromMs = clamp(range.fromMs ?? 0);
    const toMs = clamp(range.toMs ?? MAX_TIME_MS + 1);
    let left = range.limit ?? Infinity;
    if (left <= 0 || fromMs >= toMs) return;
    const entries = await this.#days(vehicle, dayOf(fromMs), dayOf(toMs - 1));
    const days = range.reverse === true ? entries.reverse() : entries;
    for (const day of days) {
      if (left <= 0) return;
      const limit = Math.min(left, NO_LIMIT);
      const bounds = [vehicle, day, BigInt(fromMs), BigInt(toMs), limit];
      for await (const row of this.#session.pages(range.reverse === true ? BACKWARD : FORWARD, bounds)) {
        yield rowOf(vehicle, row);
        left--;
      }
    }
  }

  /** The days of a vehicle, ascending: a few hundred at most, as reports do not live for ever. */
  async #days(vehicle: string, from: number, to: number): Promise<number[]> {
    const days: number[] = [];
    for await (const row of this.#session.pages(DAYS, [vehicle, from, to])) days.push(Number(row['day']));
    return days;
  }

  /**
   * Every row in key order: vehicle by vehicle, each in the order of time. First all partitions are listed, from the rows
   * themselves and not from the index; they are held in memory, about 100 bytes each.
   */
  async *all(): AsyncGenerator<HistoryRow> {
    const daysOf = new Map<string, number[]>();
    for await (const { vehicle, day } of this.#session.pages(PARTITIONS, [])) {
      const name = String(vehicle);
      const days = daysOf.get(name);
      if (days === undefined) daysOf.set(name, [Number(day)]);
      else days.push(Number(day));
    }
    for (const vehicle of [...daysOf.keys()].sort()) {
      const days = daysOf.get(vehicle) ?? [];
      for (const day of days.sort((a, b) => a - b)) {
        const bounds = [vehicle, day, 0n, BigInt(MAX_TIME_MS + 1), NO_LIMIT];
        for await (const row of this.#session.pages(FORWARD, bounds)) yield rowOf(vehicle, row);
      }
    }
  }
}

const clamp = (timeMs: number): number => Math.min(Math.max(Math.ceil(timeMs), 0), MAX_TIME_MS + 1);

function rowOf(vehicle: string, row: Row): HistoryRow {
  return {
    vehicle,
    boot: Number(row['boot']),
    seq: Number(row['seq']),
    timeMs: Number(row['time']),
    ...decodeHistoryValue(row['report'] as Buffer),
  };
}
