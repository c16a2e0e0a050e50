import type { Clock } from '../../common/clock.js';
import type { DeviceRow, HistoryRange, HistoryRow, LiveCell, TwinStore } from '../types.js';
import { DeviceRows } from './device-rows.js';
import { HistoryTable, type Ack } from './history-table.js';
import { LiveTable } from './live-table.js';
import type { CassandraSession } from './session.js';

export interface CassandraTwinStoreOptions {
  readonly domain: string;
  /** Closed with the store. */
  readonly session: CassandraSession;
  /** What measures replication beside it: closed before the session. */
  readonly markers?: AsyncDisposable;
  readonly clock: Clock;
  readonly ack: Ack;
  /** Called after each durable write of reports: for `store_commit_seconds`. */
  readonly onCommit?: (commit: { readonly rows: number; readonly durationMs: number }) => void;
}

/**
 * Twin state on Cassandra, by nodes of this domain's datacentre alone. Every write is a blind upsert; rows of one call are
 * written beside one another, and where one fails the others may be there.
 */
export class CassandraTwinStore implements TwinStore {
  readonly domain: string;
  readonly session: CassandraSession;
  readonly #clock: Clock;
  readonly #history: HistoryTable;
  readonly #live: LiveTable;
  /** The session bounds what is with the cluster, and what waits for that costs little here. */
  readonly appendsAtOnce = 1_024;
  /** A report that waits for a slow one of others, or fails with it, is a report that comes again. */
  readonly rowsAnAppend = 1;
  readonly #devices: DeviceRows;
  readonly #markers: AsyncDisposable | undefined;
  readonly #onCommit: CassandraTwinStoreOptions['onCommit'];

  constructor(options: CassandraTwinStoreOptions) {
    const { domain, session, clock, ack } = options;
    this.domain = domain;
    this.session = session;
    this.#clock = clock;
    this.#history = new HistoryTable(session, ack, () => clock.nowMs());
    this.#live = new LiveTable(session);
    this.#devices = new DeviceRows(session);
    this.#markers = options.markers;
    this.#onCommit = options.onCommit;
  }

  async append(rows: readonly HistoryRow[]): Promise<void> {
    if (rows.length === 0) return;
    const begunMs = this.#clock.monotonicMs();
    await this.#history.append(rows);
    this.#onCommit?.({ rows: rows.length, durationMs: this.#clock.monotonicMs() - begunMs });
  }

  history(vehicle: string, range: HistoryRange = {}): AsyncIterable<HistoryRow> {
    return this.#history.ofVehicle(vehicle, range);
  }

  scan(): AsyncIterable<HistoryRow> {
    return this.#history.all();
  }

  putLive(vehicle: string, cells: readonly LiveCell[]): Promise<void> {
    return this.#live.put(vehicle, cells);
  }

  live(vehicle: string): Promise<LiveCell[]> {
    return this.#live.ofVehicle(vehicle);
  }

  liveVehicles(): Promise<string[]> {
    return this.#live.vehicles();
  }

  device(vehicle: string): Promise<DeviceRow | undefined> {
    return this.#devices.byName(vehicle);
  }

  deviceByNumber(number: number): Promise<DeviceRow | undefined> {
    return this.#devices.byNumber(number);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#markers?.[Symbol.asyncDispose]();
    await this.session[Symbol.asyncDispose]();
  }
}
