import { decodeDevice } from '../rows/control-rows.js';
import type { DeviceRow } from '../types.js';
import { statement } from './consistency.js';
import type { CassandraSession } from './session.js';

const BY_NAME = statement('device.copy', `SELECT device FROM {control}.device WHERE vehicle = ?`);
const BY_NUMBER = statement('device.copy', `SELECT vehicle FROM {control}.device_number WHERE number = ?`);

/** Registered vehicles as a host reads them: they never change, so the nearest replica's word is enough (DESIGN §9). */
export class DeviceRows {
  readonly #session: CassandraSession;

  constructor(session: CassandraSession) {
    this.#session = session;
  }

  async byName(vehicle: string): Promise<DeviceRow | undefined> {
    const [row] = await this.#session.run(BY_NAME, [vehicle]);
    const bytes = row?.['device'];
    return bytes === undefined || bytes === null ? undefined : decodeDevice(bytes as Buffer);
  }

  async byNumber(number: number): Promise<DeviceRow | undefined> {
    const [row] = await this.#session.run(BY_NUMBER, [number]);
    if (row === undefined) return undefined;
    const device = await this.byName(String(row['vehicle']));
    // A registration that was given up half-way leaves a number which its vehicle does not have.
    return device?.number === number ? device : undefined;
  }
}
