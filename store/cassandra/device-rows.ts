import { decodeDevice } from '../rows/control-rows.js';
import type { DeviceRow } from '../types.js';
import { statement } from './consistency.js';
import type { CassandraSession } from './session.js';

const BY_NAME = `SELECT device FROM {control}.device WHERE vehicle = ?`;
const BY_NUMBER = `SELECT vehicle FROM {control}.device_number WHERE number = ?`;
const HERE = { byName: statement('device.copy', BY_NAME), byNumber: statement('device.copy', BY_NUMBER) };
const ELSEWHERE = {
  byName: statement('device.copy-elsewhere', BY_NAME),
  byNumber: statement('device.copy-elsewhere', BY_NUMBER),
};

/** Registered vehicles as a host reads them: they never change, so the nearest replica's word is enough (DESIGN §9). */
export class DeviceRows {
  readonly #session: CassandraSession;

  constructor(session: CassandraSession) {
    this.#session = session;
  }

  async byName(vehicle: string): Promise<DeviceRow | undefined> {
    const [row] = await this.#session.run(this.#statements().byName, [vehicle]);
    const bytes = row?.['device'];
    return bytes === undefined || bytes === null ? undefined : decodeDevice(bytes as Buffer);
  }

  async byNumber(number: number): Promise<DeviceRow | undefined> {
    const [row] = await this.#session.run(this.#statements().byNumber, [number]);
    return row === undefined ? undefined : this.byName(String(row['vehicle']));
  }

  /** Not every domain is a control domain: without a replica in the local datacentre LOCAL_ONE would find nobody. */
  #statements(): typeof HERE {
    const replication = this.#session.replication('control');
    return replication === undefined || (replication[this.#session.settings.datacentre] ?? 0) > 0 ? HERE : ELSEWHERE;
  }
}
