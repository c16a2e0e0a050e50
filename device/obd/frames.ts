import { fromHex } from '../../common/hex.js';
import { fault } from '../../protocol/errors.js';
import type { BusShape } from './bus.js';

/** One frame as the adapter showed it: header and bytes. */
export interface Frame {
  readonly ecu: string;
  /** CAN: control byte and data. Others: data, the checksum verified and gone. */
  readonly bytes: Uint8Array;
}

const CAN_BYTES = 8;
const HEADERS: Readonly<Record<BusShape['kind'], RegExp>> = {
  can11: /^7E[89A-F]/,
  can29: /^18D[AB]F1/,
  j1850: /^4[18]6B/,
  iso9141: /^486B/,
  kwp: /^[8C][0-9A-F]F1/,
};

/**
 * Frames from the lines of one answer with headers on. Adapters put spaces where none were asked for, run two lines into
 * one, or break one in two: lines that are no frame are cut or joined where that makes frames whose header, length
 * and (on K-line and J1850) checksum are right. Throws OBD_FRAME where nothing does.
 */
export function framesOf(lines: readonly string[], bus: BusShape): Frame[] {
  const frames: Frame[] = [];
  let rest = '';
  let last = '';
  for (const line of lines) {
    const text = line.replaceAll(' ', '').toUpperCase();
    const whole = frameOf(text, bus);
    if (whole !== undefined) {
      // A frame after half a frame: what was cut off is lost.
      if (rest !== '') throw fault('OBD_FRAME', rest);
      frames.push(whole);
      last = text;
      continue;
    }
    // Half a frame may look like a shorter one: what follows is its end.
    const longer = rest === '' && last !== '' ? frameOf(last + text, bus) : undefined;
    if (longer !== undefined) {
      frames[frames.length - 1] = longer;
      last += text;
      continue;
    }
    const candidate = rest + text;
    const cut = cutUp(candidate, bus);
    if (cut !== undefined) {
      frames.push(...cut);
      rest = '';
      last = '';
    } else if (isBeginning(candidate, bus)) rest = candidate;
    else throw fault('OBD_FRAME', line);
  }
  if (rest !== '') throw fault('OBD_FRAME', rest);
  return frames;
}

function frameOf(text: string, bus: BusShape): Frame | undefined {
  if (!HEADERS[bus.kind].test(text)) return undefined;
  const ecu = text.slice(0, bus.headerDigits);
  const bytes = fromHex(text.slice(bus.headerDigits));
  if (bytes === undefined) return undefined;
  if (bus.can) return isCanFrame(bytes) ? { ecu, bytes } : undefined;
  const all = fromHex(text);
  if (all === undefined || all.length < 5 || !isChecked(all, bus)) return undefined;
  return { ecu, bytes: bytes.slice(0, -1) };
}

/** ISO 15765-2: single, first or consecutive frame; flow control comes from the adapter alone. */
function isCanFrame(bytes: Uint8Array): boolean {
  const [control = 0, low = 0] = bytes;
  if (bytes.length < 2 || bytes.length > CAN_BYTES) return false;
  const nibble = control & 0xf;
  if (control >> 4 === 0) return nibble > 0 && nibble < bytes.length;
  if (control >> 4 === 1) return bytes.length === CAN_BYTES && ((nibble << 8) | low) >= CAN_BYTES;
  return control >> 4 === 2;
}

/** K-line: sum of all bytes before. J1850: CRC-8 (polynomial 1D, preset and inverted). KWP tells its length, too. */
function isChecked(all: Uint8Array, { kind }: BusShape): boolean {
  const body = all.subarray(0, -1);
  const last = all.at(-1);
  if (kind === 'j1850') return crc8(body) === last;
  if (kind === 'kwp' && ((all[0] ?? 0) & 0x3f) !== body.length - 3) return false;
  return body.reduce((sum, byte) => (sum + byte) & 0xff, 0) === last;
}

/** SAE J1850 §5.4. */
export function crc8(bytes: Uint8Array): number {
  let crc = 0xff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80 ? ((crc << 1) ^ 0x1d) & 0xff : (crc << 1) & 0xff;
  }
  return crc ^ 0xff;
}

/** The frames that a text is made of without a rest, the fewest that there can be; `undefined` where there is no such cut. */
function cutUp(text: string, bus: BusShape): Frame[] | undefined {
  const digits = bus.headerDigits;
  const longest = bus.can ? digits + 2 * CAN_BYTES : MAX_LINE_DIGITS;
  if (text.length > MAX_CUT_DIGITS) return undefined;
  const whole = text.length <= longest ? frameOf(text, bus) : undefined;
  if (whole !== undefined) return [whole];
  for (let at = Math.min(longest, text.length - digits); at > digits; at -= 2) {
    const first = frameOf(text.slice(0, at), bus);
    if (first === undefined || !HEADERS[bus.kind].test(text.slice(at))) continue;
    const others = cutUp(text.slice(at), bus);
    if (others !== undefined) return [first, ...others];
  }
  return undefined;
}

/** J1850 and ISO 9141 lines have at most 12 bytes. KWP may have more; such a line is never run into another. */
const MAX_LINE_DIGITS = 24;
/** Bounds the search for cuts. */
const MAX_CUT_DIGITS = 240;

/** Whether more text may still make a frame of this. */
function isBeginning(text: string, bus: BusShape): boolean {
  const longest = bus.can ? bus.headerDigits + 2 * CAN_BYTES : MAX_LINE_DIGITS;
  return text.length < longest && /^[0-9A-F]+$/.test(text) && (text.length < 4 || HEADERS[bus.kind].test(text));
}
