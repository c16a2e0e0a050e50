import {
  decodeDevice,
  decodeHandover,
  decodeInstance,
  decodeOrder,
  decodeOwner,
  encodeDevice,
  encodeHandover,
  encodeInstance,
  encodeOrder,
  encodeOwner,
  handoverTimeKey,
  handoverVehicleKey,
  numberKey,
  orderKey,
  readNumber,
  sameClaim,
  sameDevice,
  textKey,
} from '../rows/control-rows.js';
import { MANAGER_SERVICE } from '../types.js';
import type { CasOutcome, ControlStore, DeviceRow, HandoverRow, InstanceRow, NoteRow, OwnerRow } from '../types.js';
import type { OrderRow, ServiceLeaseRow, SettingsRow, StandbyRow } from '../types.js';
import { openEnvironment, readFrom, written, type Environment, type Table } from './environment.js';
import { LeaseTables } from './lease-tables.js';
import { NoteTable } from './note-table.js';
import { SettingsTable } from './settings-table.js';

export interface LmdbControlStoreOptions {
  readonly path: string;
  readonly mapSizeBytes?: number;
}

/** The embedded ControlStore, with the order of registration for the replicator. */
export interface LmdbControlStore extends ControlStore {
  /** Device rows in the order of their registration, behind the first `position`. */
  devicesFrom(position: number, limit: number): DeviceRow[];
}

const FIRST = Buffer.alloc(1);
const DAY_MS = 86_400_000;
/** Hand-overs that are read without a pause. */
const SLICE = 512;

/** Opens the one control store; several processes may have it open, and each write is one transaction over all of them. */
export function openLmdbControlStore(options: LmdbControlStoreOptions): Promise<LmdbControlStore> {
  return Promise.resolve().then(() => new Store(openEnvironment(options.path, options.mapSizeBytes)));
}

class Store implements LmdbControlStore {
  readonly #environment: Environment;
  readonly #devices: Table;
  readonly #numbers: Table;
  readonly #deviceOrder: Table;
  readonly #owners: Table;
  readonly #epochs: Table;
  readonly #instances: Table;
  readonly #handovers: Table;
  readonly #openHandovers: Table;
  readonly #handoversByTime: Table;
  readonly #handoversByVehicle: Table;
  readonly #leases: LeaseTables;
  readonly #orders: Table;
  readonly #settings: SettingsTable;
  readonly #notes: NoteTable;

  constructor(environment: Environment) {
    this.#environment = environment;
    this.#devices = environment.table('device');
    this.#numbers = environment.table('device-number');
    this.#deviceOrder = environment.table('device-order');
    this.#owners = environment.table('owner');
    this.#epochs = environment.table('epoch');
    this.#instances = environment.table('instance');
    this.#handovers = environment.table('handover');
    this.#openHandovers = environment.table('handover-open');
    this.#handoversByTime = environment.table('handover-time');
    this.#handoversByVehicle = environment.table('handover-vehicle');
    this.#leases = new LeaseTables(environment);
    this.#orders = environment.table('order');
    this.#settings = new SettingsTable(environment);
    this.#notes = new NoteTable(environment);
  }

  insertDevice(row: DeviceRow): Promise<CasOutcome> {
    return this.#transaction('device', () => {
      const held = read(this.#devices, textKey(row.vehicle), decodeDevice);
      if (held !== undefined) return sameDevice(held, row) ? 'applied' : 'refused';
      if (this.#numbers.get(numberKey(row.number)) !== undefined) return 'refused';
      const [last] = this.#deviceOrder.getKeys({ reverse: true, limit: 1 });
      void this.#devices.put(textKey(row.vehicle), encodeDevice(row));
      void this.#numbers.put(numberKey(row.number), textKey(row.vehicle));
      void this.#deviceOrder.put(numberKey((last === undefined ? 0 : readNumber(last)) + 1), textKey(row.vehicle));
      return 'applied';
    });
  }

  device(vehicle: string): Promise<DeviceRow | undefined> {
    return this.#read('device', () => read(this.#devices, textKey(vehicle), decodeDevice));
  }

  devices(): Promise<DeviceRow[]> {
    return this.#read('device', () => all(this.#devices, decodeDevice));
  }

  devicesFrom(position: number, limit: number): DeviceRow[] {
    this.#environment.refresh();
    return readFrom('device', () =>
      Array.from(this.#deviceOrder.getRange({ start: numberKey(position + 1), limit }), ({ value }) =>
        read(this.#devices, value, decodeDevice),
      ).filter(row => row !== undefined),
    );
  }

  insertOwner(row: OwnerRow): Promise<CasOutcome> {
    return this.#transaction('owner', () => {
      const held = read(this.#owners, textKey(row.vehicle), decodeOwner);
      if (held !== undefined) return sameClaim(held, row) ? 'applied' : 'refused';
      void this.#owners.put(textKey(row.vehicle), encodeOwner(row));
      return 'applied';
    });
  }

  claim(row: OwnerRow): Promise<CasOutcome> {
    return this.#transaction('owner', () => {
      const held = read(this.#owners, textKey(row.vehicle), decodeOwner);
      if (held === undefined) return 'refused';
      if (sameClaim(held, row)) return 'applied';
      if (held.epoch >= row.epoch) return 'refused';
      void this.#owners.put(textKey(row.vehicle), encodeOwner(row));
      return 'applied';
    });
  }

  owner(vehicle: string): Promise<OwnerRow | undefined> {
    return this.#read('owner', () => read(this.#owners, textKey(vehicle), decodeOwner));
  }

  owners(): Promise<OwnerRow[]> {
    return this.#read('owner', () => all(this.#owners, decodeOwner));
  }

  burnEpoch(vehicle: string, above = 0): Promise<number> {
    return this.#transaction('epoch', () => {
      // A claimed epoch counts as burnt, whoever burnt it: arming and tickets use highest seen + 1.
      const claimed = read(this.#owners, textKey(vehicle), decodeOwner)?.epoch ?? 0;
      const next = Math.max(this.#burnt(vehicle), claimed, above) + 1;
      void this.#epochs.put(textKey(vehicle), numberKey(next));
      return next;
    });
  }

  highestEpoch(vehicle: string): Promise<number> {
    return this.#read('epoch', () => this.#burnt(vehicle));
  }

  highestEpochs(): Promise<ReadonlyMap<string, number>> {
    return this.#read(
      'epoch',
      () =>
        new Map(
          Array.from(
            this.#epochs.getRange({ start: FIRST }),
            ({ key, value }) => [Buffer.from(key).toString(), readNumber(value)] as const,
          ),
        ),
    );
  }

  #burnt(vehicle: string): number {
    return read(this.#epochs, textKey(vehicle), readNumber) ?? 0;
  }

  async putInstance(row: InstanceRow): Promise<void> {
    await this.#transaction('instance', () => void this.#instances.put(textKey(row.host), encodeInstance(row)));
  }

  async deleteInstance(host: string): Promise<void> {
    await this.#transaction('instance', () => void this.#instances.remove(textKey(host)));
  }

  instances(): Promise<InstanceRow[]> {
    return this.#read('instance', () => all(this.#instances, decodeInstance));
  }

  async putHandover(row: HandoverRow): Promise<void> {
    const bytes = encodeHandover(row);
    await this.#transaction('hand-over', () => {
      const key = textKey(row.id);
      const open = this.#openHandovers.get(key) !== undefined;
      const known = open || this.#handovers.get(key) !== undefined;
      if (known && !open && row.open) return;
      const timeKey = handoverTimeKey(row);
      // A hand-over keeps the time that it began at, and with it its places in both orders.
      if (!known || this.#handoversByTime.get(timeKey) === undefined) {
        if (known) this.#unlist(key);
        void this.#handoversByTime.put(timeKey, key);
        void this.#handoversByVehicle.put(handoverVehicleKey(row), key);
      }
      void this.#handovers.put(key, bytes);
      if (row.open && !open) void this.#openHandovers.put(key, key);
      if (!row.open && open) void this.#openHandovers.remove(key);
    });
  }

  #unlist(key: Uint8Array): void {
    const held = read(this.#handovers, key, decodeHandover);
    if (held === undefined) return;
    void this.#handoversByTime.remove(handoverTimeKey(held));
    void this.#handoversByVehicle.remove(handoverVehicleKey(held));
  }

  handover(id: string): Promise<HandoverRow | undefined> {
    return this.#read('hand-over', () => read(this.#handovers, textKey(id), decodeHandover));
  }

  openHandovers(): Promise<HandoverRow[]> {
    return this.#read('hand-over', () =>
      Array.from(this.#openHandovers.getKeys({ start: FIRST }), id => read(this.#handovers, id, decodeHandover)).filter(
        row => row !== undefined,
      ),
    );
  }

  async handovers(query: { readonly vehicle?: string; readonly limit: number }): Promise<HandoverRow[]> {
    const { vehicle, limit } = query;
    const [table, start, end] =
      vehicle === undefined
        ? [this.#handoversByTime, undefined, undefined]
        : [this.#handoversByVehicle, Buffer.from(`${vehicle}\x01`), Buffer.from(`${vehicle}\0`)];
    const found: HandoverRow[] = [];
    let from = start;
    for (let left = limit; left > 0; left -= SLICE) {
      const last = await this.#read('hand-over', () => {
        const range = {
          ...{ reverse: true, limit: Math.min(left, SLICE), exclusiveStart: from !== start },
          ...(from === undefined ? {} : { start: from }),
          ...(end === undefined ? {} : { end }),
        };
        const listed = Array.from(table.getRange(range));
        for (const { value } of listed) {
          const row = read(this.#handovers, value, decodeHandover);
          if (row !== undefined) found.push(row);
        }
        return listed.length < SLICE ? undefined : listed.at(-1)?.key;
      });
      if (last === undefined) break;
      from = Buffer.from(last);
      // A long ledger is read in pieces: leases are renewed in between.
      await new Promise(resolve => setImmediate(resolve));
    }
    return found;
  }

  writeStandbys(put: readonly StandbyRow[], ended: readonly string[]): Promise<void> {
    return this.#transaction('standby', () => this.#leases.write(put, ended));
  }

  standbys(): Promise<StandbyRow[]> {
    return this.#read('standby', () => this.#leases.standbys());
  }

  putServiceLease(row: ServiceLeaseRow): Promise<CasOutcome> {
    return this.#transaction('service lease', () => this.#leases.putService(row));
  }

  serviceLease(service: string): Promise<ServiceLeaseRow | undefined> {
    return this.#read('service lease', () => this.#leases.service(service));
  }

  putSettings(row: SettingsRow): Promise<CasOutcome> {
    return this.#transaction('settings', () => this.#settings.put(row));
  }

  settings(vehicle: string): Promise<SettingsRow | undefined> {
    return this.#read('settings', () => this.#settings.read(vehicle));
  }

  allSettings(): Promise<SettingsRow[]> {
    return this.#read('settings', () => this.#settings.list());
  }

  putNote(row: NoteRow, term: number): Promise<void> {
    return this.#transaction('note', () => {
      this.#leases.checkTerm(MANAGER_SERVICE, term);
      this.#notes.put(row);
    });
  }

  deleteNote(kind: NoteRow['kind'], id: string, term: number): Promise<void> {
    return this.#transaction('note', () => {
      this.#leases.checkTerm(MANAGER_SERVICE, term);
      this.#notes.delete(kind, id);
    });
  }

  notes(kind: NoteRow['kind']): Promise<NoteRow[]> {
    return this.#read('note', () => this.#notes.list(kind));
  }

  async addOrders(rows: readonly OrderRow[]): Promise<void> {
    await this.#transaction('order', () => {
      for (const row of rows) void this.#orders.put(orderKey(row), encodeOrder(row));
    });
  }

  orders(day: number, limit: number): Promise<OrderRow[]> {
    return this.#read('order', () => {
      const [start, end] = [orderKey({ atMs: (day + 1) * DAY_MS, id: '' }), orderKey({ atMs: day * DAY_MS, id: '' })];
      return Array.from(this.#orders.getRange({ start, end, reverse: true, limit }), ({ value }) => decodeOrder(value));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#environment[Symbol.asyncDispose]();
  }

  /** One transaction over all processes that have the store open; durable when it resolves. */
  #transaction<T>(what: string, action: () => T): Promise<T> {
    return written(what, () => this.#environment.root.transaction(action));
  }

  #read<T>(what: string, action: () => T): Promise<T> {
    return Promise.resolve().then(() => {
      this.#environment.refresh();
      return readFrom(what, action);
    });
  }
}

function read<T>(table: Table, key: Uint8Array, decode: (bytes: Uint8Array) => T): T | undefined {
  const found = table.get(key);
  return found === undefined ? undefined : decode(found);
}

function all<T>(table: Table, decode: (bytes: Uint8Array) => T): T[] {
  return Array.from(table.getRange({ start: FIRST }), ({ value }) => decode(value));
}
