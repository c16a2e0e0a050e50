import { fault } from '../../protocol/errors.js';

/**
 * The journal tells the replicator what changed in a domain's store: one row per commit, key = writer (8 random bytes
 * per opened store) and counter (6), value = schema (1), written-at (double), kind (1), then texts of bytes, each behind
 * its length (1): the keys of the history rows, or the vehicles whose live cells changed.
 */
export interface JournalEntry {
  readonly kind: 'history' | 'live';
  readonly writtenAtMs: number;
  readonly items: readonly Uint8Array[];
}

const SCHEMA = 1;
const HEAD_BYTES = 10;
export const WRITER_BYTES = 8;
const COUNTER_BYTES = 6;
const KINDS = ['history', 'live'] as const;

export function encodeJournalKey(writer: Uint8Array, counter: number): Buffer {
  const key = Buffer.allocUnsafe(WRITER_BYTES + COUNTER_BYTES);
  key.set(writer, 0);
  key.writeUIntBE(counter, WRITER_BYTES, COUNTER_BYTES);
  return key;
}

export function decodeJournalKey(key: Uint8Array): { readonly writer: string; readonly counter: number } {
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  if (bytes.length !== WRITER_BYTES + COUNTER_BYTES) throw fault('STORE_SCHEMA', 'a journal key of another form');
  return {
    writer: bytes.toString('hex', 0, WRITER_BYTES),
    counter: bytes.readUIntBE(WRITER_BYTES, COUNTER_BYTES),
  };
}

export function encodeJournalEntry(entry: JournalEntry): Buffer {
  const size = entry.items.reduce((sum, item) => sum + 1 + item.length, HEAD_BYTES);
  const bytes = Buffer.allocUnsafe(size);
  bytes[0] = SCHEMA;
  bytes.writeDoubleBE(entry.writtenAtMs, 1);
  bytes[9] = KINDS.indexOf(entry.kind);
  let at = HEAD_BYTES;
  for (const item of entry.items) {
    bytes[at] = item.length;
    bytes.set(item, at + 1);
    at += 1 + item.length;
  }
  return bytes;
}

/** Throws STORE_SCHEMA where it was written by a release that this one does not read, or is cut. */
export function decodeJournalEntry(value: Uint8Array): JournalEntry {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const kind = KINDS[bytes[9] ?? -1];
  if (bytes[0] !== SCHEMA || kind === undefined) throw fault('STORE_SCHEMA', `journal of schema ${bytes[0] ?? 'none'}`);
  const items: Uint8Array[] = [];
  for (let at = HEAD_BYTES; at < bytes.length;) {
    const end = at + 1 + bytes.readUInt8(at);
    if (end > bytes.length) throw fault('STORE_SCHEMA', 'a journal row is cut short');
    items.push(bytes.subarray(at + 1, end));
    at = end;
  }
  return { kind, writtenAtMs: bytes.readDoubleBE(1), items };
}
