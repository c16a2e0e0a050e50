import { toHex } from '../../common/hex.js';
import { fault } from '../../protocol/errors.js';
import type { EcuMessage } from './iso-tp.js';

/** What service 09 tells as text, by its PID (SAE J1979 "infotype"): length of one item, and how to read it. */
const ITEMS: Readonly<Record<number, { readonly bytes: number; readonly hex?: true }>> = {
  0x02: { bytes: 17 }, // VIN
  0x04: { bytes: 16 }, // calibration identifications
  0x06: { bytes: 4, hex: true }, // calibration verification numbers
  0x0a: { bytes: 20 }, // name of the control unit
};
export type InfoType = 0x02 | 0x04 | 0x06 | 0x0a;

const SERVICE_09 = 0x49;

/**
 * The texts of a reply of service 09, of one unit. Over CAN it is one message, `49 PID count`, then the items. Over
 * K-line and J1850 it is several, `49 PID n` and four bytes each, with zeros before the first item (SAE J1979 §6.9).
 * Throws OBD_FRAME.
 */
export function decodeInfo(type: InfoType, messages: readonly Uint8Array[], can: boolean): string[] {
  const bytes: number[] = [];
  for (const [at, message] of messages.entries()) {
    if (message[0] !== SERVICE_09 || message[1] !== type || message.length < 4)
      throw fault('OBD_FRAME', toHex(message));
    if (!can && message[2] !== at + 1) throw fault('OBD_FRAME', `part ${at + 1} of ${messages.length} is missing`);
    bytes.push(...message.subarray(3));
  }
  const item = ITEMS[type];
  if (item === undefined || bytes.length < item.bytes) throw fault('OBD_FRAME', `service 09 ${type}: too short`);
  const texts: string[] = [];
  for (let end = bytes.length; end >= item.bytes; end -= item.bytes) {
    const part = bytes.slice(end - item.bytes, end);
    texts.unshift(item.hex === true ? toHex(Uint8Array.from(part)).toUpperCase() : printable(part));
  }
  return texts.filter(text => text !== '');
}

/** Padding is 00, in front or behind; some units pad with blanks or FF. */
const printable = (bytes: readonly number[]): string =>
  String.fromCharCode(...bytes.filter(byte => byte > 0x20 && byte < 0x7f));

/** The VIN from the messages of one unit. Throws OBD_FRAME. */
export function decodeVin(messages: readonly Uint8Array[], can: boolean): string {
  const vin = decodeInfo(0x02, messages, can).at(-1) ?? '';
  if (!/^[A-Z0-9]{17}$/.test(vin)) throw fault('OBD_FRAME', `VIN '${vin}'`);
  return vin;
}

/** Messages of each unit, in the order in which the units spoke first. */
export function byEcu(messages: readonly EcuMessage[]): Uint8Array[][] {
  const units = new Map<string, Uint8Array[]>();
  for (const { ecu, data } of messages) units.set(ecu, [...(units.get(ecu) ?? []), data]);
  return [...units.values()];
}

const SYSTEMS = ['P', 'C', 'B', 'U'] as const;

/**
 * Trouble codes from a reply of service 03 or 07 (two bytes each; SAE J2012: two bits of system, then four digits).
 * Over CAN a count stands before them, so the message has an even length; over K-line it has not, and three codes fill
 * a message, with zeros where there are fewer. Throws OBD_FRAME.
 */
export function decodeTroubleCodes(message: Uint8Array): string[] {
  const [service, count = 0] = message;
  if (service !== 0x43 && service !== 0x47) throw fault('OBD_FRAME', toHex(message));
  const counted = message.length % 2 === 0;
  const from = counted ? 2 : 1;
  const to = counted ? from + 2 * count : message.length;
  if (to > message.length) throw fault('OBD_FRAME', toHex(message));
  const codes: string[] = [];
  for (let at = from; at < to; at += 2) {
    const word = ((message[at] ?? 0) << 8) | (message[at + 1] ?? 0);
    if (word === 0) continue;
    codes.push(`${SYSTEMS[word >> 14] ?? 'P'}${(word & 0x3fff).toString(16).toUpperCase().padStart(4, '0')}`);
  }
  return codes;
}
