import { toHex } from '../../common/hex.js';
import { fault } from '../../protocol/errors.js';
import { signalByPid, type Pid } from '../../protocol/signals.js';

/** The bitmaps of supported PIDs: each says which of the next 32 exist, its last bit whether the next bitmap does. */
export const SUPPORT_PIDS: readonly number[] = [0x00, 0x20, 0x40, 0x60, 0x80, 0xa0, 0xc0];
const SUPPORT_BYTES = 4;

/**
 * A reply of service 01 (SAE J1979: 0x41, then PID and data, up to six times): PID → value in the unit of its signal.
 * `pidOf` is the catalogue. Throws OBD_FRAME where the bytes are not exactly that.
 */
export function decodeMode01(
  message: Uint8Array,
  pidOf: (pid: number) => Pid | undefined = pid => signalByPid(pid)?.obd,
): Map<number, number> {
  const values = new Map<number, number>();
  if (message[0] !== 0x41 || message.length < 2) throw fault('OBD_FRAME', toHex(message));
  for (let at = 1; at < message.length;) {
    const row = pidOf(message[at] ?? -1);
    if (row === undefined || at + 1 + row.bytes > message.length) throw fault('OBD_FRAME', toHex(message));
    values.set(row.pid, row.decode(new DataView(message.buffer, message.byteOffset + at + 1, row.bytes)));
    at += 1 + row.bytes;
  }
  return values;
}

/** PIDs that a bitmap reply (`41 base b b b b`) says exist. Throws OBD_FRAME. */
export function decodeSupport(base: number, message: Uint8Array): number[] {
  if (message.length !== 2 + SUPPORT_BYTES || message[0] !== 0x41 || message[1] !== base)
    throw fault('OBD_FRAME', toHex(message));
  const pids: number[] = [];
  for (let bit = 0; bit < 32; bit++) {
    if (((message[2 + (bit >> 3)] ?? 0) & (0x80 >> (bit & 7))) !== 0) pids.push(base + bit + 1);
  }
  return pids;
}
