import { fault } from '../../protocol/errors.js';

/** What lies behind the adapter, and how the adapter shows a line of it (`ATS0`). */
export interface BusShape {
  readonly kind: 'j1850' | 'iso9141' | 'kwp' | 'can11' | 'can29';
  /** As people know it. */
  readonly name: string;
  /** ISO 15765 CAN: lines carry ISO-TP frames, and a request may ask for several PIDs. */
  readonly can: boolean;
  /** Hex digits of the header: 3 (11 bit), 8 (29 bit), 6 (K-line and J1850: format, target, source); 0 where it is off. */
  readonly headerDigits: number;
}

/** ELM327 `ATDPN`: protocol number (after an `A` where it was found by search) → bus. */
const BUSES: Readonly<Record<string, Omit<BusShape, 'headerDigits'>>> = {
  '1': { kind: 'j1850', name: 'SAE J1850 PWM', can: false },
  '2': { kind: 'j1850', name: 'SAE J1850 VPW', can: false },
  '3': { kind: 'iso9141', name: 'ISO 9141-2', can: false },
  '4': { kind: 'kwp', name: 'ISO 14230-4 KWP, 5 baud', can: false },
  '5': { kind: 'kwp', name: 'ISO 14230-4 KWP, fast', can: false },
  '6': { kind: 'can11', name: 'ISO 15765-4 CAN, 11 bit, 500 kbit/s', can: true },
  '7': { kind: 'can29', name: 'ISO 15765-4 CAN, 29 bit, 500 kbit/s', can: true },
  '8': { kind: 'can11', name: 'ISO 15765-4 CAN, 11 bit, 250 kbit/s', can: true },
  '9': { kind: 'can29', name: 'ISO 15765-4 CAN, 29 bit, 250 kbit/s', can: true },
  A: { kind: 'can29', name: 'SAE J1939 CAN, 29 bit, 250 kbit/s', can: true },
};
const HEADER_DIGITS: Readonly<Record<BusShape['kind'], number>> = { j1850: 6, iso9141: 6, kwp: 6, can11: 3, can29: 8 };

/** Numbers that one can set (`obd.protocol`), in the order in which they are tried one by one: the common ones first. */
export const PROTOCOL_NUMBERS = ['6', '8', '7', '9', '5', '4', '3', '2', '1'] as const;
export type ProtocolNumber = (typeof PROTOCOL_NUMBERS)[number];

/** The bus behind an answer to `ATDPN`, e.g. `A6`. Throws OBD_FRAME. */
export function busOf(answer: string, headers = true): BusShape {
  const found = BUSES[answer.trim().toUpperCase().slice(-1)];
  if (found === undefined) throw fault('OBD_FRAME', `protocol '${answer}'`);
  return { ...found, headerDigits: headers ? HEADER_DIGITS[found.kind] : 0 };
}

/** The kind of bus that the lines of an answer to `0100` look like, for adapters that cannot tell: number for `busOf`. */
export function guessBus(lines: readonly string[]): ProtocolNumber {
  const [line = ''] = lines.map(text => text.replaceAll(' ', '').toUpperCase());
  if (/^7E[89A-F]/.test(line)) return '6';
  if (/^18DAF1/.test(line)) return '7';
  if (/^[8C][0-9A-F]F1/.test(line)) return '5';
  // Without headers a positive answer stands alone; on K-line it looks the same, and one PID at a time suits both.
  return '3';
}
