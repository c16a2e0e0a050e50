import { fault } from '../../protocol/errors.js';
import { readTime, writeTime } from '../../store/rows/history-row.js';
import {
  LEVELS,
  NO_REPORTS,
  type BlockDigest,
  type Bucket,
  type Cell,
  type NumberCell,
  type RollUpLevel,
  type TextCell,
} from './bucket.js';

/**
 * Roll-ups as keys and values of an ordered store: all buckets of one level of a block are one row, so that a day of one signal
 * is a few hundred short looks. Key: level (1 byte), vehicle, 0, start of the block (7 bytes). Value: form (1), of the long
 * level the block's digest (reports 4, mark 4), then per signal: length of the wire name (1), name, kind (1), length of its
 * cells (4), cells. A cell: number of its bucket in the block (1), count (4), numbers as doubles and moments as 16-bit
 * fractions of the bucket; of texts the length (2) and UTF-8. Everything is big-endian.
 */
const FORM = 1;
const TIME_BYTES = 7;
const LEVEL_BYTES: Readonly<Record<RollUpLevel, number>> = { '10s': 1, '5min': 2 };
const KINDS = ['number', 'text'] as const;
const NUMBER_BYTES = 4 + 4 * 8 + 3 * 2;
const TEXT_HEAD_BYTES = 4 + 2 + 2;
const DIGEST_BYTES = 8;
const FRACTIONS = 65_536;
const MAX_TEXT_BYTES = 1_000;

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

/** The row of a block; `buckets` are all of one level. */
export function encodeBuckets(
  level: RollUpLevel,
  blockMs: number,
  buckets: readonly Bucket[],
  digest: BlockDigest = NO_REPORTS,
): Buffer {
  const head = Buffer.alloc(level === '5min' ? 1 + DIGEST_BYTES : 1);
  head[0] = FORM;
  if (level === '5min') {
    head.writeUInt32BE(digest.reports, 1);
    head.writeUInt32BE(digest.mark, 5);
  }
  const signals = new Map<string, { readonly kind: Cell['kind']; readonly cells: Buffer[] }>();
  for (const { startMs, cells } of buckets)
    for (const [wire, cell] of cells) {
      const signal = signals.get(wire) ?? { kind: cell.kind, cells: [] };
      signals.set(wire, signal);
      signal.cells.push(Buffer.from([(startMs - blockMs) / LEVELS[level]]), encodeCell(cell, startMs, LEVELS[level]));
    }
  const parts = [head];
  for (const [wire, { kind, cells }] of signals) {
    const rest = Buffer.concat(cells);
    const name = Buffer.alloc(wire.length + 6);
    name[0] = wire.length;
    name.write(wire, 1, 'latin1');
    name[1 + wire.length] = KINDS.indexOf(kind);
    name.writeUInt32BE(rest.length, 2 + wire.length);
    parts.push(name, rest);
  }
  return Buffer.concat(parts);
}

function encodeCell(cell: Cell, startMs: number, spanMs: number): Buffer {
  // Rounded up, so that a whole millisecond comes back as itself where fractions are finer than that.
  const fraction = (timeMs: number): number =>
    Math.min(FRACTIONS - 1, Math.max(0, Math.ceil(((timeMs - startMs) / spanMs) * FRACTIONS)));
  if (cell.kind === 'text') {
    const text = Buffer.from(cell.last).subarray(0, MAX_TEXT_BYTES);
    const bytes = Buffer.alloc(TEXT_HEAD_BYTES + text.length);
    bytes.writeUInt32BE(cell.count, 0);
    bytes.writeUInt16BE(fraction(cell.lastAtMs), 4);
    bytes.writeUInt16BE(text.length, 6);
    text.copy(bytes, TEXT_HEAD_BYTES);
    return bytes;
  }
  const bytes = Buffer.allocUnsafe(NUMBER_BYTES);
  bytes.writeUInt32BE(cell.count, 0);
  for (const [i, value] of [cell.sum, cell.min, cell.max, cell.last].entries()) bytes.writeDoubleBE(value, 4 + 8 * i);
  for (const [i, timeMs] of [cell.minAtMs, cell.maxAtMs, cell.lastAtMs].entries())
    bytes.writeUInt16BE(fraction(timeMs), 36 + 2 * i);
  return bytes;
}

/**
 * Appends the cells of a row, ascending, to those of their signals; signals that `columns` does not name are passed over.
 * STORE_SCHEMA where another release wrote the row.
 */
export function decodeCells(
  level: RollUpLevel,
  key: Uint8Array,
  value: Buffer,
  columns: ReadonlyMap<string, Cell[]>,
): void {
  if (value[0] !== FORM) throw fault('STORE_SCHEMA', `a roll-up of form ${value[0]}`);
  const blockMs = startOfKey(key);
  const spanMs = LEVELS[level];
  for (let at = level === '5min' ? 1 + DIGEST_BYTES : 1; at < value.length;) {
    const nameEnd = at + 1 + (value[at] ?? 0);
    const column = columns.get(value.toString('latin1', at + 1, nameEnd));
    const isText = value[nameEnd] === KINDS.indexOf('text');
    const end = nameEnd + 5 + value.readUInt32BE(nameEnd + 1);
    for (let cellAt = nameEnd + 5; cellAt < end && column !== undefined;) {
      const startMs = blockMs + (value[cellAt] ?? 0) * spanMs;
      column.push((isText ? decodeText : decodeNumber)(value, cellAt + 1, startMs, spanMs));
      cellAt += 1 + (isText ? TEXT_HEAD_BYTES + value.readUInt16BE(cellAt + 7) : NUMBER_BYTES);
    }
    at = end;
  }
}

const momentAt = (bytes: Buffer, at: number, startMs: number, spanMs: number): number =>
  startMs + Math.floor((bytes.readUInt16BE(at) / FRACTIONS) * spanMs);

const decodeText = (bytes: Buffer, at: number, startMs: number, spanMs: number): TextCell => ({
  kind: 'text',
  count: bytes.readUInt32BE(at),
  last: bytes.toString('utf8', at + TEXT_HEAD_BYTES, at + TEXT_HEAD_BYTES + bytes.readUInt16BE(at + 6)),
  lastAtMs: momentAt(bytes, at + 4, startMs, spanMs),
});

const decodeNumber = (bytes: Buffer, at: number, startMs: number, spanMs: number): NumberCell => ({
  kind: 'number',
  count: bytes.readUInt32BE(at),
  sum: bytes.readDoubleBE(at + 4),
  min: bytes.readDoubleBE(at + 12),
  max: bytes.readDoubleBE(at + 20),
  last: bytes.readDoubleBE(at + 28),
  minAtMs: momentAt(bytes, at + 36, startMs, spanMs),
  maxAtMs: momentAt(bytes, at + 38, startMs, spanMs),
  lastAtMs: momentAt(bytes, at + 40, startMs, spanMs),
});

/** What the block of a long bucket held when it was rolled up. */
export const digestOf = (value: Buffer): BlockDigest => ({
  reports: value.readUInt32BE(1),
  mark: value.readUInt32BE(5),
});
