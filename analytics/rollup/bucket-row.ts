import { fault } from '../../protocol/errors.js';
import { readTime, writeTime } from '../../store/rows/history-row.js';
import { LEVELS, type BlockDigest, type Bucket, type Cell, type RollUpLevel } from './bucket.js';

/**
 * Roll-ups as keys and values of an ordered store. Key: level (1 byte), vehicle, 0, start (7 bytes). Value: form (1), then of
 * a long bucket the block's digest (reports 4, mark 4), then the cells: length of the wire name (1), name, kind (1), length
 * of the rest (2), count (4), numbers as doubles, moments as 16-bit fractions of the span. Everything is big-endian.
 */
const FORM = 1;
const TIME_BYTES = 7;
const LEVEL_BYTES: Readonly<Record<RollUpLevel, number>> = { '10s': 1, '5min': 2 };
const KINDS = ['number', 'text'] as const;
const NUMBER_BYTES = 4 + 4 * 8 + 3 * 2;
const DIGEST_BYTES = 8;
const FRACTIONS = 65_536;

export function bucketKey(level: RollUpLevel, vehicle: string, startMs: number): Buffer {
  const key = Buffer.allocUnsafe(1 + vehicle.length + 1 + TIME_BYTES);
  key[0] = LEVEL_BYTES[level];
  key.write(vehicle, 1, 'latin1');
  key[1 + vehicle.length] = 0;
  writeTime(key, Math.max(0, startMs), 2 + vehicle.length);
  return key;
}

export const startOfKey = (key: Uint8Array): number =>
  readTime(Buffer.from(key.buffer, key.byteOffset, key.byteLength), key.byteLength - TIME_BYTES);

export function encodeBucket(level: RollUpLevel, bucket: Bucket, digest?: BlockDigest): Buffer {
  const parts: Buffer[] = [Buffer.from([FORM])];
  if (level === '5min') {
    const bytes = Buffer.alloc(DIGEST_BYTES);
    bytes.writeUInt32BE(digest?.reports ?? 0, 0);
    bytes.writeUInt32BE(digest?.mark ?? 0, 4);
    parts.push(bytes);
  }
  for (const [wire, cell] of bucket.cells) {
    const rest = encodeCell(cell, bucket.startMs, LEVELS[level]);
    const head = Buffer.alloc(wire.length + 4);
    head[0] = wire.length;
    head.write(wire, 1, 'latin1');
    head[1 + wire.length] = KINDS.indexOf(cell.kind);
    head.writeUInt16BE(rest.length, 2 + wire.length);
    parts.push(head, rest);
  }
  return Buffer.concat(parts);
}

function encodeCell(cell: Cell, startMs: number, spanMs: number): Buffer {
  const fraction = (timeMs: number): number =>
    Math.min(FRACTIONS - 1, Math.max(0, Math.ceil(((timeMs - startMs) / spanMs) * FRACTIONS)));
  if (cell.kind === 'text') {
    const text = Buffer.from(cell.last).subarray(0, 1_000);
    const bytes = Buffer.alloc(6 + text.length);
    bytes.writeUInt32BE(cell.count, 0);
    bytes.writeUInt16BE(fraction(cell.lastAtMs), 4);
    text.copy(bytes, 6);
    return bytes;
  }
  const bytes = Buffer.allocUnsafe(NUMBER_BYTES);
  bytes.writeUInt32BE(cell.count, 0);
  for (const [i, value] of [cell.sum, cell.min, cell.max, cell.last].entries()) bytes.writeDoubleBE(value, 4 + 8 * i);
  for (const [i, timeMs] of [cell.minAtMs, cell.maxAtMs, cell.lastAtMs].entries())
    bytes.writeUInt16BE(fraction(timeMs), 36 + 2 * i);
  return bytes;
}

/** `wanted`: wire names; others are passed over. STORE_SCHEMA where another release wrote the row. */
export function decodeBucket(level: RollUpLevel, key: Uint8Array, value: Buffer, wanted?: ReadonlySet<string>): Bucket {
  if (value[0] !== FORM) throw fault('STORE_SCHEMA', `a roll-up of form ${value[0]}`);
  const startMs = startOfKey(key);
  const cells = new Map<string, Cell>();
  for (let at = level === '5min' ? 1 + DIGEST_BYTES : 1; at < value.length;) {
    const nameEnd = at + 1 + (value[at] ?? 0);
    const wire = value.toString('latin1', at + 1, nameEnd);
    const kind = KINDS[value[nameEnd] ?? 0];
    const begin = nameEnd + 3;
    at = begin + value.readUInt16BE(nameEnd + 1);
    if (wanted !== undefined && !wanted.has(wire)) continue;
    cells.set(wire, decodeCell(kind ?? 'number', value, begin, at, startMs, LEVELS[level]));
  }
  return { startMs, cells };
}

function decodeCell(kind: Cell['kind'], bytes: Buffer, at: number, end: number, startMs: number, spanMs: number): Cell {
  const momentAt = (place: number): number => startMs + Math.floor((bytes.readUInt16BE(place) / FRACTIONS) * spanMs);
  const count = bytes.readUInt32BE(at);
  if (kind === 'text') return { kind, count, last: bytes.toString('utf8', at + 6, end), lastAtMs: momentAt(at + 4) };
  return {
    ...{ kind, count, sum: bytes.readDoubleBE(at + 4), min: bytes.readDoubleBE(at + 12) },
    ...{ max: bytes.readDoubleBE(at + 20), last: bytes.readDoubleBE(at + 28) },
    ...{ minAtMs: momentAt(at + 36), maxAtMs: momentAt(at + 38), lastAtMs: momentAt(at + 40) },
  };
}

/** What the block of a long bucket held when it was rolled up. */
export const digestOf = (value: Buffer): BlockDigest => ({
  reports: value.readUInt32BE(1),
  mark: value.readUInt32BE(5),
});
