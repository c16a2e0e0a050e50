import { decodeDevice, encodeDevice, sameDevice } from '../../rows/control-rows.js';
import type { CasOutcome, DeviceRow } from '../../types.js';
import { statement } from '../consistency.js';
import type { Row } from '../driver.js';
import { compareAndSet, readSerial, type CasDeps } from './cas.js';
import { blobOf, textOf } from './columns.js';

const TAKE = statement(
  'device.take-number',
  'INSERT INTO {control}.device_number (number, vehicle) VALUES (?, ?) IF NOT EXISTS',
);
const FREE = statement('device.free-number', 'DELETE FROM {control}.device_number WHERE number = ? IF vehicle = ?');
const NUMBER = statement('device.number', 'SELECT vehicle FROM {control}.device_number WHERE number = ?');
const INSERT = statement('device.insert', 'INSERT INTO {control}.device (vehicle, device) VALUES (?, ?) IF NOT EXISTS');
const READ = statement('device.read', 'SELECT device FROM {control}.device WHERE vehicle = ?');
const LIST = statement('device.list', 'SELECT device FROM {control}.device');

/**
 * Registered vehicles: two partitions, of which a client may die in between. The number comes first: what is left then is a
 * number that names a vehicle which does not have it. Nobody else gets that number, and the same vehicle may have it when it
 * comes again. The other way round two vehicles could get one number, and so one address.
 */
export class DeviceTables {
  readonly #deps: CasDeps;

  constructor(deps: CasDeps) {
    this.#deps = deps;
  }

  async insert(row: DeviceRow): Promise<CasOutcome> {
    const taken = await this.#takeNumber(row);
    if (taken !== 'applied') return taken;
    const cas = await compareAndSet(this.#deps, INSERT, [row.vehicle, encodeDevice(row)]);
    if (cas.is === 'applied') return 'applied';
    const held = cas.is === 'refused' ? deviceOf(cas.held) : await this.read(row.vehicle).catch(() => undefined);
    if (held === undefined) return 'unknown';
    if (sameDevice(held, row)) return 'applied';
    if (held.number !== row.number) await this.#freeNumber(row);
    return 'refused';
  }

  async read(vehicle: string): Promise<DeviceRow | undefined> {
    const row = await readSerial(this.#deps, READ, [vehicle]);
    return row === undefined ? undefined : deviceOf(row);
  }

  async list(): Promise<DeviceRow[]> {
    const rows: DeviceRow[] = [];
    for await (const row of this.#deps.session.pages(LIST, [])) rows.push(deviceOf(row));
    return rows.sort((a, b) => (a.vehicle < b.vehicle ? -1 : 1));
  }

  async #takeNumber({ number, vehicle }: DeviceRow): Promise<CasOutcome> {
    const cas = await compareAndSet(this.#deps, TAKE, [number, vehicle]);
    if (cas.is === 'applied') return 'applied';
    const held =
      cas.is === 'refused' ? cas.held : await readSerial(this.#deps, NUMBER, [number]).catch(() => undefined);
    if (held === undefined) return 'unknown';
    return textOf(held, 'vehicle') === vehicle ? 'applied' : 'refused';
  }

  /**
   * The vehicle has another number, for good: whoever else registers it at this moment is refused as well. A number that stays
   * taken because this did not get through is lost and harms nobody.
   */
  async #freeNumber({ number, vehicle }: DeviceRow): Promise<void> {
    await compareAndSet(this.#deps, FREE, [number, vehicle]);
  }
}

const deviceOf = (row: Row): DeviceRow => decodeDevice(blobOf(row, 'device'));
