import { toHex } from '../../common/hex.js';
import { fault } from '../../protocol/errors.js';
import { signalsOfPid } from '../../protocol/signals.js';

/** The bitmaps of supported PIDs: each says which of the next 32 exist, its last bit whether the next bitmap does. */
export const SUPPORT_PIDS: readonly number[] = [0x00, 0x20, 0x40, 0x60, 0x80, 0xa0, 0xc0];
const SUPPORT_BYTES = 4;
const POSITIVE = 0x41;

/** Data bytes of a PID by the catalogue; `undefined` where it does not know the PID. */
export const bytesOfPid = (pid: number): number | undefined => signalsOfPid(pid)[0]?.obd.bytes;

/** Above this many bytes a PID is asked for alone: its answer fills frames of its own, and its length differs by edition. */
const MAX_SHARED_BYTES = 4;
/** Trims whose answer has a byte more in cars with three or four banks. */
const BY_BANKS: readonly number[] = [0x06, 0x07, 0x08, 0x09, 0x55, 0x56, 0x57, 0x58];
const FOUR_BANKS = 0x1d;

/** Whether a PID's answer can be told apart from others in one message, in a car that supports `supported`. */
export function isShareable(pid: number, supported: ReadonlySet<number>): boolean {
  const bytes = bytesOfPid(pid);
  if (bytes === undefined || bytes > MAX_SHARED_BYTES) return false;
  return !(BY_BANKS.includes(pid) && supported.has(FOUR_BANKS));
}

/**
 * The data of each PID in a reply of service 01 (SAE J1979: 0x41, then PID and data, up to six times). Where one PID
 * alone was asked for, all the rest of the message is its data, however long. Throws OBD_FRAME where the bytes are not
 * exactly that.
 */
export function splitMode01(message: Uint8Array, asked: readonly number[]): Map<number, DataView> {
  if (message[0] !== POSITIVE || message.length < 3) throw fault('OBD_FRAME', toHex(message));
  const view = (at: number, bytes: number): DataView => new DataView(message.buffer, message.byteOffset + at, bytes);
  const [only] = asked;
  if (asked.length === 1 && only !== undefined) {
    if (message[1] !== only) throw fault('OBD_FRAME', toHex(message));
    return new Map([[only, view(2, message.length - 2)]]);
  }
  const found = new Map<number, DataView>();
  for (let at = 1; at < message.length;) {
    const pid = message[at] ?? -1;
    const bytes = bytesOfPid(pid);
    if (bytes === undefined || at + 1 + bytes > message.length) throw fault('OBD_FRAME', toHex(message));
    if (!found.has(pid)) found.set(pid, view(at + 1, bytes));
    at += 1 + bytes;
  }
  return found;
}

/** Values by wire name, in the units of the catalogue. A PID whose bytes say "no value" gives none. */
export function valuesOf(pid: number, data: DataView): [wire: string, value: number][] {
  return signalsOfPid(pid).flatMap(({ wire, obd }) => {
    const value = obd.decode(data);
    return value === undefined ? [] : [[wire, value] as [string, number]];
  });
}

/** A reply of service 01 as values by wire name; `asked` as in `splitMode01`. Throws OBD_FRAME. */
export function decodeMode01(message: Uint8Array, asked: readonly number[] = []): Map<string, number> {
  return new Map([...splitMode01(message, asked)].flatMap(([pid, data]) => valuesOf(pid, data)));
}

/** PIDs that a bitmap reply (`41 base b b b b`; `49 …` of service 09 alike) says exist. Throws OBD_FRAME. */
export function decodeSupport(base: number, message: Uint8Array, service = 0x01): number[] {
  if (message.length !== 2 + SUPPORT_BYTES || message[0] !== (0x40 | service) || message[1] !== base)
    throw fault('OBD_FRAME', toHex(message));
  const pids: number[] = [];
  for (let bit = 0; bit < 32; bit++) {
    if (((message[2 + (bit >> 3)] ?? 0) & (0x80 >> (bit & 7))) !== 0) pids.push(base + bit + 1);
  }
  return pids;
}
