import { systemClock, type Clock } from '../../common/clock.js';
import { decodeDevice, encodeDevice, numberKey, textKey } from '../rows/control-rows.js';
import { encodeHistoryKey, encodeHistoryValue } from '../rows/history-row.js';
import { encodeLiveCell } from '../rows/live-row.js';
import type { DeviceRow, HistoryRange, HistoryRow, LiveCell, TwinStore } from '../types.js';
import { openEnvironment, readFrom, written, type Environment, type Table } from './environment.js';
import { GroupCommit } from './group-commit.js';
import { HistoryTable, type RawRow } from './history-table.js';
import { JournalReader, JournalWriter } from './journal.js';
import { LiveTable } from './live-table.js';

export interface LmdbTwinStoreOptions {
  /** Directory of the domain's environment; made where it is missing. */
  readonly path: string;
  readonly domain: string;
  readonly mapSizeBytes?: number;
  readonly clock?: Clock;
  /** Whether writes are told to the replicator; false for the replicator itself and where there is none. */
  readonly journal?: boolean;
  /** Called after each durable commit of reports: for `store_commit_seconds`. */
  readonly onCommit?: (commit: { readonly rows: number; readonly durationMs: number }) => void;
}

/** What one step of a replication link brings: written in one commit with the position that it reaches. */
export interface ReplicatedStep {
  readonly rows: readonly RawRow[];
  readonly live: ReadonlyMap<string, readonly LiveCell[]>;
  /** Names that the replicator chose → counters. */
  readonly positions: ReadonlyMap<string, number>;
}

/** The embedded TwinStore, with what the replicator needs beside it. */
export interface LmdbTwinStore extends TwinStore {
  /** Copies device rows into this domain's store. */
  putDevices(rows: readonly DeviceRow[]): Promise<void>;
  readonly journal: JournalReader;
  /** Rows as they lie in the store, for copying; keys that are not there are left out. */
  rawRows(keys: readonly Uint8Array[]): RawRow[];
  /** Rows behind `key` in key order. */
  rawRowsAfter(key: Uint8Array | undefined, limit: number): RawRow[];
  /** `live` at once, for a copy of one moment. */
  liveCells(vehicle: string): LiveCell[];
  replicate(step: ReplicatedStep): Promise<void>;
  /** How far `replicate` has come: the positions whose names begin with `prefix`. */
  positions(prefix: string): Map<string, number>;
}

/** Rows that may wait for the disk, about 20 MB of reports. */
const MAX_WAITING_ROWS = 100_000;
const MAX_WAITING_LIVE = 100_000;

/** Opens the embedded store of a domain; several processes may have it open. */
export function openLmdbTwinStore(options: LmdbTwinStoreOptions): Promise<LmdbTwinStore> {
  return Promise.resolve().then(() => new Store(openEnvironment(options.path, options.mapSizeBytes), options));
}

class Store implements LmdbTwinStore {
  readonly domain: string;
  /** One is made ready while the other is with the disk. */
  readonly appendsAtOnce = 2;
  readonly rowsAnAppend = Infinity;
  readonly journal: JournalReader;
  readonly #environment: Environment;
  readonly #clock: Clock;
  readonly #history: HistoryTable;
  readonly #live: LiveTable;
  readonly #devices: Table;
  readonly #numbers: Table;
  readonly #positions: Table;
  readonly #historyJournal: JournalWriter | undefined;
  readonly #liveJournal: JournalWriter | undefined;
  readonly #appends: GroupCommit<RawRow>;
  readonly #liveWrites: GroupCommit<readonly [string, readonly LiveCell[]]>;
  readonly #onCommit: LmdbTwinStoreOptions['onCommit'];

  constructor(environment: Environment, options: LmdbTwinStoreOptions) {
    this.domain = options.domain;
    this.#environment = environment;
    this.#clock = options.clock ?? systemClock;
    this.#onCommit = options.onCommit;
    this.#history = new HistoryTable(environment, environment.table('history'));
    this.#live = new LiveTable(environment, environment.table('live'));
    this.#devices = environment.table('device');
    this.#numbers = environment.table('device-number');
    this.#positions = environment.table('position');
    const journal = environment.table('journal');
    this.journal = new JournalReader(environment, journal);
    if (options.journal ?? true) {
      this.#historyJournal = new JournalWriter(journal);
      this.#liveJournal = new JournalWriter(journal);
    }
    this.#appends = new GroupCommit({
      commit: rows => this.#commitRows(rows),
      inFlight: 2,
      maxWaiting: MAX_WAITING_ROWS,
    });
    this.#liveWrites = new GroupCommit({
      commit: cells => this.#commitLive(cells),
      inFlight: 1,
      maxWaiting: MAX_WAITING_LIVE,
    });
  }

  async append(rows: readonly HistoryRow[]): Promise<void> {
    if (rows.length === 0) return;
    // Before they join the others of their group: what cannot be encoded is refused to its own caller alone.
    const raw = readFrom('encoding reports', () =>
      rows.map(row => ({ key: encodeHistoryKey(row), value: encodeHistoryValue(row) })),
    );
    await this.#appends.submit(raw);
  }

  async #commitRows(raw: readonly RawRow[]): Promise<void> {
    const begun = this.#clock.monotonicMs();
    await written('reports', () =>
      this.#environment.root.batch(() => {
        for (const row of raw) this.#history.putNew(row);
        this.#historyJournal?.add({
          kind: 'history',
          writtenAtMs: this.#clock.nowMs(),
          items: raw.map(row => row.key),
        });
      }),
    );
    this.#onCommit?.({ rows: raw.length, durationMs: this.#clock.monotonicMs() - begun });
  }

  history(vehicle: string, range: HistoryRange = {}): AsyncIterable<HistoryRow> {
    return this.#history.ofVehicle(vehicle, range);
  }

  scan(): AsyncIterable<HistoryRow> {
    return this.#history.all();
  }

  async putLive(vehicle: string, cells: readonly LiveCell[]): Promise<void> {
    if (cells.length === 0) return;
    readFrom('encoding live cells', () => cells.forEach(encodeLiveCell));
    await this.#liveWrites.submit([[vehicle, cells]]);
  }

  async #commitLive(writes: readonly (readonly [string, readonly LiveCell[]])[]): Promise<void> {
    await written('live cells', () =>
      this.#environment.root.transaction(() => {
        const changed = new Set<string>();
        for (const [vehicle, cells] of writes) if (this.#live.merge(vehicle, cells)) changed.add(vehicle);
        if (changed.size === 0) return;
        const items = [...changed].map(textKey);
        this.#liveJournal?.add({ kind: 'live', writtenAtMs: this.#clock.nowMs(), items });
      }),
    );
  }

  live(vehicle: string): Promise<LiveCell[]> {
    return Promise.resolve().then(() => this.#live.ofVehicle(vehicle));
  }

  liveCells(vehicle: string): LiveCell[] {
    return this.#live.ofVehicle(vehicle);
  }

  liveVehicles(): Promise<string[]> {
    return Promise.resolve().then(() => this.#live.vehicles());
  }

  async putDevices(rows: readonly DeviceRow[]): Promise<void> {
    if (rows.length === 0) return;
    await written('device rows', () =>
      this.#environment.root.batch(() => {
        for (const row of rows) {
          void this.#devices.put(textKey(row.vehicle), encodeDevice(row));
          void this.#numbers.put(numberKey(row.number), textKey(row.vehicle));
        }
      }),
    );
  }

  device(vehicle: string): Promise<DeviceRow | undefined> {
    return Promise.resolve().then(() => {
      this.#environment.refresh();
      return this.#readDevice(textKey(vehicle));
    });
  }

  deviceByNumber(number: number): Promise<DeviceRow | undefined> {
    return Promise.resolve().then(() => {
      this.#environment.refresh();
      const vehicle = readFrom('device row', () => this.#numbers.get(numberKey(number)));
      return vehicle === undefined ? undefined : this.#readDevice(Buffer.from(vehicle));
    });
  }

  #readDevice(key: Buffer): DeviceRow | undefined {
    const found = readFrom('device row', () => this.#devices.get(key));
    return found === undefined ? undefined : decodeDevice(found);
  }

  rawRows(keys: readonly Uint8Array[]): RawRow[] {
    return this.#history.rawRows(keys);
  }

  rawRowsAfter(key: Uint8Array | undefined, limit: number): RawRow[] {
    return this.#history.rawRowsAfter(key, limit);
  }

  async replicate(step: ReplicatedStep): Promise<void> {
    await written('replicated rows', () =>
      this.#environment.root.transaction(() => {
        for (const row of step.rows) this.#history.putNew(row);
        for (const [vehicle, cells] of step.live) this.#live.merge(vehicle, cells);
        for (const [name, counter] of step.positions) void this.#positions.put(textKey(name), numberKey(counter));
      }),
    );
  }

  positions(prefix: string): Map<string, number> {
    this.#environment.refresh();
    return readFrom('positions', () => {
      const start = textKey(prefix);
      const end = Buffer.concat([start, Buffer.from([0xff])]);
      const found = new Map<string, number>();
      for (const { key, value } of this.#positions.getRange({ start, end }))
        found.set(Buffer.from(key).toString(), Buffer.from(value).readUIntBE(0, 6));
      return found;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#appends.settled(), this.#liveWrites.settled()]);
    await this.#environment[Symbol.asyncDispose]();
  }
}
