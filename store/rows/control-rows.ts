import { fault } from '../../protocol/errors.js';
import type {
  DeviceRow,
  HandoverRow,
  InstanceRow,
  NoteRow,
  OrderRow,
  OwnerRow,
  ServiceLeaseRow,
  SettingsRow,
  StandbyRow,
} from '../types.js';
import { writeTime } from './history-row.js';

/** Rows that are few and change seldom: schema (1 byte), then JSON. */
const SCHEMA = 1;

function encode(row: object): Buffer {
  const text = JSON.stringify(row);
  const bytes = Buffer.allocUnsafe(1 + Buffer.byteLength(text));
  bytes[0] = SCHEMA;
  bytes.write(text, 1);
  return bytes;
}

/** Throws STORE_SCHEMA where the row was written by a release that this one does not read. */
function decoder<Row>(kind: string): (bytes: Uint8Array) => Row {
  return bytes => {
    if (bytes[0] !== SCHEMA) throw fault('STORE_SCHEMA', `${kind} row of schema ${bytes[0] ?? 'none'}`);
    try {
      return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset + 1, bytes.byteLength - 1).toString()) as Row;
    } catch (cause) {
      throw fault('STORE_SCHEMA', `${kind} row is damaged`, { cause });
    }
  };
}

export const encodeDevice = (row: DeviceRow): Buffer => encode(row);
export const decodeDevice = decoder<DeviceRow>('device');
export const encodeOwner = (row: OwnerRow): Buffer => encode(row);
export const decodeOwner = decoder<OwnerRow>('owner');
export const encodeInstance = (row: InstanceRow): Buffer => encode(row);
export const decodeInstance = decoder<InstanceRow>('instance');
export const encodeHandover = (row: HandoverRow): Buffer => encode(row);
export const decodeHandover = decoder<HandoverRow>('hand-over');

export const encodeStandby = (row: StandbyRow): Buffer => encode(row);
export const decodeStandby = decoder<StandbyRow>('standby');
export const encodeOrder = (row: OrderRow): Buffer => encode(row);
export const decodeOrder = decoder<OrderRow>('order');
export const encodeServiceLease = (row: ServiceLeaseRow): Buffer => encode(row);
export const decodeServiceLease = decoder<ServiceLeaseRow>('service lease');

export const encodeSettings = (row: SettingsRow): Buffer => encode(row);
export const decodeSettings = decoder<SettingsRow>('settings');

export const encodeNote = (row: NoteRow): Buffer => encode(row);
export const decodeNote = decoder<NoteRow>('note');

/** Notes of one kind stand behind one another. */
export const noteKey = ({ kind, id }: Pick<NoteRow, 'kind' | 'id'>): Buffer => textKey(`${kind}\0${id}`);

export const textKey = (text: string): Buffer => Buffer.from(text);

/** A counter or number as a key or value of 6 big-endian bytes. */
export function numberKey(value: number): Buffer {
  const key = Buffer.allocUnsafe(6);
  key.writeUIntBE(value, 0, 6);
  return key;
}

export function readNumber(bytes: Uint8Array): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).readUIntBE(0, 6);
}

/** Key in the index of hand-overs by time: started-at (7 bytes), id. */
export const handoverTimeKey = (row: Pick<HandoverRow, 'startedAtMs' | 'id'>): Buffer =>
  timeKey(row.startedAtMs, row.id);

/** Key of the audit log: when (7 bytes), id. */
export const orderKey = ({ atMs, id }: Pick<OrderRow, 'atMs' | 'id'>): Buffer => timeKey(atMs, id);

function timeKey(atMs: number, id: string): Buffer {
  const key = Buffer.alloc(7 + Buffer.byteLength(id));
  // Stamps may have fractions; the order of two rows of one millisecond is that of their ids.
  writeTime(key, Math.floor(atMs), 0);
  key.write(id, 7);
  return key;
}

/** The same behind (vehicle, 0). */
export const handoverVehicleKey = (row: Pick<HandoverRow, 'vehicle' | 'startedAtMs' | 'id'>): Buffer =>
  Buffer.concat([Buffer.from(`${row.vehicle}\0`), handoverTimeKey(row)]);

/** The same registration again, as after an outcome that was unknown. */
export const sameDevice = (a: DeviceRow, b: DeviceRow): boolean =>
  a.number === b.number && a.key === b.key && a.registeredAtMs === b.registeredAtMs;

/** The same claim again; its time may differ. */
export const sameClaim = (a: OwnerRow, b: OwnerRow): boolean =>
  a.epoch === b.epoch &&
  a.handover === b.handover &&
  a.attempt === b.attempt &&
  a.host === b.host &&
  a.domain === b.domain;
