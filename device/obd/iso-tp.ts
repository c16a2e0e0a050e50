import { fromHex } from '../../common/hex.js';
import { fault } from '../../protocol/errors.js';

/** How the adapter shows a line with headers on (`ATH1 ATS0`), by the kind of bus. */
export interface BusShape {
  /** ISO 15765 CAN: lines carry ISO-TP frames, and a request may ask for several PIDs. */
  readonly can: boolean;
  /** Hex digits of the header: 3 (11 bit), 8 (29 bit), 6 (K-line and J1850: format, target, source). */
  readonly headerDigits: number;
}

/** ELM327 `ATDPN`: protocol number (after an `A` where it was found by search) → shape. */
const BUSES: readonly { readonly numbers: string; readonly bus: BusShape }[] = [
  { numbers: '12345', bus: { can: false, headerDigits: 6 } },
  { numbers: '68', bus: { can: true, headerDigits: 3 } },
  { numbers: '79A', bus: { can: true, headerDigits: 8 } },
];

/** The bus behind an answer to `ATDPN`, e.g. `A6`. Throws OBD_FRAME. */
export function busOf(answer: string): BusShape {
  const digit = answer.trim().toUpperCase().slice(-1);
  const bus = BUSES.find(({ numbers }) => digit !== '' && numbers.includes(digit))?.bus;
  if (bus === undefined) throw fault('OBD_FRAME', `protocol '${answer}'`);
  return bus;
}

/** One message of one control unit. */
export interface EcuMessage {
  readonly ecu: string;
  readonly data: Uint8Array;
}

interface Open {
  readonly bytes: number[];
  readonly length: number;
  next: number;
}

/**
 * Messages from the lines of one answer, in the order in which they were complete (ISO 15765-2: single, first and
 * consecutive frames; the adapter has sent the flow control). Several units may answer interleaved.
 * Throws OBD_FRAME for a line that is no frame, a frame out of turn, or a message that is cut short.
 */
export function reassemble(lines: readonly string[], bus: BusShape): EcuMessage[] {
  const messages: EcuMessage[] = [];
  const open = new Map<string, Open>();
  for (const line of lines) {
    const ecu = line.slice(0, bus.headerDigits);
    const frame = fromHex(line.slice(bus.headerDigits));
    if (frame === undefined || frame.length < 2 || !/^[0-9A-Fa-f]+$/.test(ecu)) throw fault('OBD_FRAME', line);
    // K-line and J1850: data, then a checksum that the adapter has verified.
    if (!bus.can) messages.push({ ecu, data: frame.subarray(0, -1) });
    else take(ecu, frame, line, open, messages);
  }
  const [cut] = open.keys();
  if (cut !== undefined) throw fault('OBD_FRAME', `the message of ${cut} is cut short`);
  return messages;
}

function take(ecu: string, frame: Uint8Array, line: string, open: Map<string, Open>, messages: EcuMessage[]): void {
  const control = frame[0] ?? 0;
  const running = open.get(ecu);
  switch (control >> 4) {
    case 0: {
      const length = control & 0xf;
      if (running !== undefined || length === 0 || length > frame.length - 1) throw fault('OBD_FRAME', line);
      messages.push({ ecu, data: frame.slice(1, 1 + length) });
      return;
    }
    case 1: {
      const length = ((control & 0xf) << 8) | (frame[1] ?? 0);
      if (running !== undefined || frame.length !== 8 || length < 8) throw fault('OBD_FRAME', line);
      open.set(ecu, { bytes: [...frame.subarray(2)], length, next: 1 });
      return;
    }
    case 2: {
      if (running === undefined || (control & 0xf) !== running.next) throw fault('OBD_FRAME', line);
      running.next = (running.next + 1) & 0xf;
      running.bytes.push(...frame.subarray(1));
      if (running.bytes.length < running.length) return;
      open.delete(ecu);
      messages.push({ ecu, data: Uint8Array.from(running.bytes.slice(0, running.length)) });
      return;
    }
    default:
      throw fault('OBD_FRAME', line);
  }
}
