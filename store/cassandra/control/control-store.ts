import type { Timers } from '../../../common/clock.js';
import type {
  CasOutcome,
  ControlStore,
  DeviceRow,
  HandoverRow,
  InstanceRow,
  NoteRow,
  OrderRow,
  OwnerRow,
  ServiceLeaseRow,
  SettingsRow,
  StandbyRow,
} from '../../types.js';
import type { CassandraSession } from '../session.js';
import type { CasDeps } from './cas.js';
import { DeviceTables } from './device-tables.js';
import { EpochTable } from './epoch-table.js';
import { HandoverTables } from './handover-tables.js';
import { InstanceTable } from './instance-table.js';
import { NoteTable } from './note-table.js';
import { OrderTable } from './order-table.js';
import { OwnerTable } from './owner-table.js';
import { ServiceLeaseTable } from './service-lease-table.js';
import { SettingsTable } from './settings-table.js';
import { StandbyTable } from './standby-table.js';

export interface CassandraControlStoreDeps {
  /** Disposed of with the store. */
  readonly session: Pick<CassandraSession, 'run' | 'pages'> & AsyncDisposable;
  readonly timers: Timers;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Names each burn of an epoch: unique among all managers. */
  readonly newId: () => string;
}

/**
 * The one ControlStore of all domains, in the control keyspace: every call needs a majority of the control domains. Faults are those
 * of the session; a compare-and-set that fails is read back at SERIAL first, and `unknown` only where that does not settle it.
 */
export class CassandraControlStore implements ControlStore {
  readonly #session: AsyncDisposable;
  readonly #devices: DeviceTables;
  readonly #owners: OwnerTable;
  readonly #epochs: EpochTable;
  readonly #instances: InstanceTable;
  readonly #handovers: HandoverTables;
  readonly #standbys: StandbyTable;
  readonly #leases: ServiceLeaseTable;
  readonly #orders: OrderTable;
  readonly #settings: SettingsTable;
  readonly #notes: NoteTable;

  constructor(deps: CassandraControlStoreDeps) {
    const { session } = deps;
    const cas: CasDeps = deps;
    this.#session = session;
    this.#devices = new DeviceTables(cas);
    this.#owners = new OwnerTable(cas);
    this.#epochs = new EpochTable(cas, deps.newId);
    this.#instances = new InstanceTable(session);
    this.#handovers = new HandoverTables(session);
    this.#standbys = new StandbyTable(session);
    this.#leases = new ServiceLeaseTable(cas);
    this.#orders = new OrderTable(session);
    this.#settings = new SettingsTable(cas);
    this.#notes = new NoteTable(session);
  }

  insertDevice(row: DeviceRow): Promise<CasOutcome> {
    return this.#devices.insert(row);
  }

  device(vehicle: string): Promise<DeviceRow | undefined> {
    return this.#devices.read(vehicle);
  }

  devices(): Promise<DeviceRow[]> {
    return this.#devices.list();
  }

  insertOwner(row: OwnerRow): Promise<CasOutcome> {
    return this.#owners.insert(row);
  }

  claim(row: OwnerRow): Promise<CasOutcome> {
    return this.#owners.claim(row);
  }

  owner(vehicle: string): Promise<OwnerRow | undefined> {
    return this.#owners.read(vehicle);
  }

  owners(): Promise<OwnerRow[]> {
    return this.#owners.list();
  }

  burnEpoch(vehicle: string, above = 0): Promise<number> {
    return this.#epochs.burn(vehicle, above);
  }

  highestEpoch(vehicle: string): Promise<number> {
    return this.#epochs.highest(vehicle);
  }

  highestEpochs(): Promise<ReadonlyMap<string, number>> {
    return this.#epochs.list();
  }

  putInstance(row: InstanceRow): Promise<void> {
    return this.#instances.put(row);
  }

  deleteInstance(host: string): Promise<void> {
    return this.#instances.delete(host);
  }

  instances(): Promise<InstanceRow[]> {
    return this.#instances.list();
  }

  putHandover(row: HandoverRow): Promise<void> {
    return this.#handovers.put(row);
  }

  handover(id: string): Promise<HandoverRow | undefined> {
    return this.#handovers.read(id);
  }

  openHandovers(): Promise<HandoverRow[]> {
    return this.#handovers.open();
  }

  handovers({ vehicle, limit }: { readonly vehicle?: string; readonly limit: number }): Promise<HandoverRow[]> {
    return this.#handovers.newest(limit, vehicle);
  }

  writeStandbys(put: readonly StandbyRow[], ended: readonly string[]): Promise<void> {
    return this.#standbys.write(put, ended);
  }

  standbys(): Promise<StandbyRow[]> {
    return this.#standbys.list();
  }

  putServiceLease(row: ServiceLeaseRow): Promise<CasOutcome> {
    return this.#leases.put(row);
  }

  serviceLease(service: string): Promise<ServiceLeaseRow | undefined> {
    return this.#leases.read(service);
  }

  putSettings(row: SettingsRow): Promise<CasOutcome> {
    return this.#settings.put(row);
  }

  settings(vehicle: string): Promise<SettingsRow | undefined> {
    return this.#settings.read(vehicle);
  }

  allSettings(): Promise<SettingsRow[]> {
    return this.#settings.list();
  }

  putNote(row: NoteRow, term: number): Promise<void> {
    return this.#notes.put(row, term);
  }

  deleteNote(kind: NoteRow['kind'], id: string, term: number): Promise<void> {
    return this.#notes.delete(kind, id, term);
  }

  notes(kind: NoteRow['kind']): Promise<NoteRow[]> {
    return this.#notes.list(kind);
  }

  addOrders(rows: readonly OrderRow[]): Promise<void> {
    return this.#orders.add(rows);
  }

  orders(day: number, limit: number): Promise<OrderRow[]> {
    return this.#orders.list(day, limit);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }
}
