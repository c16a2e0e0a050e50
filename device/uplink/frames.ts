import { fault } from '../../protocol/errors.js';

/**
 * Frames of the outbox's segments: two magic bytes, length (16 bit), CRC-32 of the payload, payload. After damage the
 * reader looks for the next magic bytes whose frame is whole, so that one bad sector costs the frames in it and no more.
 */
const MAGIC = [0xed, 0x77] as const;
const HEAD_BYTES = 8;
export const MAX_PAYLOAD_BYTES = 0xffff;

export function encodeFrame(payload: Uint8Array): Uint8Array {
  if (payload.length > MAX_PAYLOAD_BYTES) throw fault('REPORT_TOO_LARGE', `a frame of ${payload.length} bytes`);
  const frame = new Uint8Array(HEAD_BYTES + payload.length);
  const view = new DataView(frame.buffer);
  frame.set(MAGIC);
  view.setUint16(2, payload.length);
  view.setUint32(4, crc32(payload));
  frame.set(payload, HEAD_BYTES);
  return frame;
}

export interface Scan {
  readonly payloads: readonly Uint8Array[];
  /** Bytes that belong to no whole frame: damage, or the torn end of a write that was never synced. */
  readonly damagedBytes: number;
}

/** Never throws: whatever the bytes are, it gives the frames that are whole. */
export function scanFrames(bytes: Uint8Array): Scan {
  const payloads: Uint8Array[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let damagedBytes = 0;
  for (let at = 0; at < bytes.length;) {
    const payload = frameAt(bytes, view, at);
    if (payload === undefined) {
      at++;
      damagedBytes++;
    } else {
      payloads.push(payload);
      at += HEAD_BYTES + payload.length;
    }
  }
  return { payloads, damagedBytes };
}

function frameAt(bytes: Uint8Array, view: DataView, at: number): Uint8Array | undefined {
  if (bytes[at] !== MAGIC[0] || bytes[at + 1] !== MAGIC[1] || at + HEAD_BYTES > bytes.length) return undefined;
  const end = at + HEAD_BYTES + view.getUint16(at + 2);
  if (end > bytes.length) return undefined;
  const payload = bytes.subarray(at + HEAD_BYTES, end);
  return crc32(payload) === view.getUint32(at + 4) ? payload : undefined;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** CRC-32 of IEEE 802.3. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
