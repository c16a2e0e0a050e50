import { fault } from '../../protocol/errors.js';
import type { SenmlValue } from '../../protocol/senml.js';
import type { LiveCell } from '../types.js';

/**
 * A live cell as key (vehicle, 0, signal) and value: boot (4), seq (5), schema (1), flags (1), sampled-at and received-at
 * (doubles), value. It begins with big-endian (boot, seq) so that the newer of two cells is the greater of two texts of
 * bytes (DESIGN §9).
 */
const SCHEMA = 1;
const SUSPECT = 0x80;
const HEAD_BYTES = 27;
const KIND = { number: 0, string: 1, boolean: 2 } as const;

export const encodeLiveKey = (vehicle: string, signal: string): Buffer => Buffer.from(`${vehicle}\0${signal}`);
/** The cells of a vehicle are those at or after this key and before `liveKeyEnd`. */
export const liveKeyStart = (vehicle: string): Buffer => Buffer.from(`${vehicle}\0`);
export const liveKeyEnd = (vehicle: string): Buffer => Buffer.from(`${vehicle}\x01`);

export function decodeLiveKey(key: Uint8Array): { readonly vehicle: string; readonly signal: string } {
  const text = Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString();
  const at = text.indexOf('\0');
  if (at < 1) throw fault('STORE_SCHEMA', 'a live key of another form');
  return { vehicle: text.slice(0, at), signal: text.slice(at + 1) };
}

export function encodeLiveCell(cell: LiveCell): Buffer {
  const kind = KIND[typeof cell.value as keyof typeof KIND];
  const payload = encodeValue(cell.value);
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + payload.length);
  bytes.writeUInt32BE(cell.boot, 0);
  bytes.writeUIntBE(cell.seq, 4, 5);
  bytes[9] = SCHEMA;
  bytes[10] = kind | (cell.suspect ? SUSPECT : 0);
  bytes.writeDoubleBE(cell.timeMs, 11);
  bytes.writeDoubleBE(cell.receivedAtMs, 19);
  bytes.set(payload, HEAD_BYTES);
  return bytes;
}

/** Throws STORE_SCHEMA where the cell was written by a release that this one does not read. */
export function decodeLiveCell(signal: string, value: Uint8Array): LiveCell {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (bytes.length < HEAD_BYTES || bytes[9] !== SCHEMA)
    throw fault('STORE_SCHEMA', `live cell of schema ${bytes[9] ?? 'none'}`);
  const flags = bytes.readUInt8(10);
  return {
    signal,
    boot: bytes.readUInt32BE(0),
    seq: bytes.readUIntBE(4, 5),
    value: decodeValue(flags & ~SUSPECT, bytes.subarray(HEAD_BYTES)),
    timeMs: bytes.readDoubleBE(11),
    receivedAtMs: bytes.readDoubleBE(19),
    ...(flags & SUSPECT ? { suspect: true as const } : {}),
  };
}

function encodeValue(value: SenmlValue): Buffer {
  if (typeof value === 'string') return Buffer.from(value);
  if (typeof value === 'boolean') return Buffer.from([value ? 1 : 0]);
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeDoubleBE(value, 0);
  return bytes;
}

function decodeValue(kind: number, bytes: Buffer): SenmlValue {
  if (kind === KIND.string) return bytes.toString();
  if (kind === KIND.boolean && bytes.length === 1) return bytes[0] === 1;
  if (kind === KIND.number && bytes.length === 8) return bytes.readDoubleBE(0);
  throw fault('STORE_SCHEMA', `live cell with a value of kind ${kind}`);
}
