import { fault } from '../../protocol/errors.js';
import { REPORT_VERSION } from '../../protocol/report.js';
import type { HistoryRow } from '../types.js';

/**
 * A report as a key and a value of an ordered store. Key: vehicle, 0, time (7 bytes), boot (4), seq (5), big-endian, so
 * that a scan of one vehicle goes by time. An id has no byte below '-', so no vehicle's rows stand among another's. Times
 * take 7 bytes, not 6: an implausible one, up to the end of Date, is stored like any other. Value: received-at (double,
 * 8), schema (1), the report's bytes.
 */
const TIME_BYTES = 7;
const BOOT_BYTES = 4;
const SEQ_BYTES = 5;
const TAIL_BYTES = TIME_BYTES + BOOT_BYTES + SEQ_BYTES;
const VALUE_HEAD_BYTES = 9;
export const MAX_TIME_MS = 8.64e15;

/** Releases of the report's form that this one reads. */
const KNOWN_SCHEMAS: ReadonlySet<number> = new Set([REPORT_VERSION]);

/** `value` below 2^56 as 7 big-endian bytes. */
export function writeTime(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt8(Math.floor(value / 2 ** 48), at);
  bytes.writeUIntBE(value % 2 ** 48, at + 1, 6);
}

export const readTime = (bytes: Buffer, at: number): number =>
  bytes.readUInt8(at) * 2 ** 48 + bytes.readUIntBE(at + 1, 6);

/** lmdb gives buffers: another one around a short key would move it out of the heap of JavaScript. */
const asBuffer = (bytes: Uint8Array): Buffer =>
  bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export function encodeHistoryKey(row: Pick<HistoryRow, 'vehicle' | 'timeMs' | 'boot' | 'seq'>): Buffer {
  const tail = row.vehicle.length + 1;
  const key = Buffer.allocUnsafe(tail + TAIL_BYTES);
  key.write(row.vehicle, 0, 'latin1');
  key[tail - 1] = 0;
  writeTime(key, row.timeMs, tail);
  key.writeUInt32BE(row.boot, tail + TIME_BYTES);
  key.writeUIntBE(row.seq, tail + TIME_BYTES + BOOT_BYTES, SEQ_BYTES);
  return key;
}

/** First key of a vehicle at or after `timeMs`. */
export function historyKeyFrom(vehicle: string, timeMs: number): Buffer {
  return encodeHistoryKey({ vehicle, timeMs: Math.min(Math.max(timeMs, 0), MAX_TIME_MS + 1), boot: 0, seq: 0 });
}

/** `known`: the vehicle of the key, where who reads has asked for that one only. */
export function decodeHistoryKey(
  key: Uint8Array,
  known?: string,
): Pick<HistoryRow, 'vehicle' | 'timeMs' | 'boot' | 'seq'> {
  const bytes = asBuffer(key);
  const tail = bytes.length - TAIL_BYTES;
  if (tail < 2 || bytes[tail - 1] !== 0) throw fault('STORE_SCHEMA', 'a history key of another form');
  return {
    vehicle: known ?? bytes.toString('latin1', 0, tail - 1),
    timeMs: readTime(bytes, tail),
    boot: bytes.readUInt32BE(tail + TIME_BYTES),
    seq: bytes.readUIntBE(tail + TIME_BYTES + BOOT_BYTES, SEQ_BYTES),
  };
}

/** STORE_SCHEMA where the row's schema is none that this release writes. */
export function encodeHistoryValue(row: Pick<HistoryRow, 'bytes' | 'schema' | 'receivedAtMs'>): Buffer {
  checkSchema(row.schema);
  const value = Buffer.allocUnsafe(VALUE_HEAD_BYTES + row.bytes.length);
  value.writeDoubleBE(row.receivedAtMs, 0);
  value[8] = row.schema;
  value.set(row.bytes, VALUE_HEAD_BYTES);
  return value;
}

/** `known`: as for {@link decodeHistoryKey}. The row's bytes are those of `value`, not a copy. */
export function decodeHistoryRow(key: Uint8Array, value: Uint8Array, known?: string): HistoryRow {
  const { vehicle, timeMs, boot, seq } = decodeHistoryKey(key, known);
  const { bytes, schema, receivedAtMs } = decodeHistoryValue(value);
  return { vehicle, timeMs, boot, seq, bytes, schema, receivedAtMs };
}

/** Throws STORE_SCHEMA where the row was written by a release that this one does not read, or is cut. */
export function decodeHistoryValue(value: Uint8Array): Pick<HistoryRow, 'bytes' | 'schema' | 'receivedAtMs'> {
  const bytes = asBuffer(value);
  const schema = bytes[8];
  if (schema === undefined) throw fault('STORE_SCHEMA', 'a history row is cut short');
  checkSchema(schema);
  return {
    bytes: new Uint8Array(value.buffer, value.byteOffset + VALUE_HEAD_BYTES, value.byteLength - VALUE_HEAD_BYTES),
    schema,
    receivedAtMs: bytes.readDoubleBE(0),
  };
}

function checkSchema(schema: number): void {
  if (!KNOWN_SCHEMAS.has(schema)) throw fault('STORE_SCHEMA', `report schema ${schema}`);
}
