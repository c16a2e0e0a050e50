import { toHex } from '../../common/hex.js';
import { fault } from '../../protocol/errors.js';

const VIN_LENGTH = 17;

/** The VIN from a reply of service 09 PID 02 over CAN (`49 02 01` and 17 characters). Throws OBD_FRAME. */
export function decodeVin(message: Uint8Array): string {
  if (message[0] !== 0x49 || message[1] !== 0x02 || message.length < 3 + VIN_LENGTH)
    throw fault('OBD_FRAME', toHex(message));
  // Some units pad the VIN with zeros in front to fill whole frames.
  const vin = String.fromCharCode(...message.subarray(message.length - VIN_LENGTH));
  if (!/^[A-Z0-9]{17}$/.test(vin)) throw fault('OBD_FRAME', toHex(message));
  return vin;
}

const SYSTEMS = ['P', 'C', 'B', 'U'] as const;

/**
 * Trouble codes from a reply of service 03 or 07 over CAN (`43 count`, then two bytes each; SAE J2012: two bits of
 * system, then four digits). Throws OBD_FRAME.
 */
export function decodeTroubleCodes(message: Uint8Array): string[] {
  const [service, count = 0] = message;
  if ((service !== 0x43 && service !== 0x47) || message.length < 2 + 2 * count)
    throw fault('OBD_FRAME', toHex(message));
  const codes: string[] = [];
  for (let at = 2; at < 2 + 2 * count; at += 2) {
    const word = ((message[at] ?? 0) << 8) | (message[at + 1] ?? 0);
    if (word === 0) continue;
    codes.push(`${SYSTEMS[word >> 14] ?? 'P'}${(word & 0x3fff).toString(16).toUpperCase().padStart(4, '0')}`);
  }
  return codes;
}
