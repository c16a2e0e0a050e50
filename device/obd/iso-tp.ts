import { fromHex } from '../../common/hex.js';
import { fault } from '../../protocol/errors.js';
import type { BusShape } from './bus.js';
import { framesOf, type Frame } from './frames.js';

/** One message of one control unit. */
export interface EcuMessage {
  /** Its header; empty where headers are off. */
  readonly ecu: string;
  readonly data: Uint8Array;
}

interface Open {
  readonly bytes: number[];
  readonly length: number;
  next: number;
}

/**
 * Messages from the lines of one answer, in the order in which they were complete. Several units may answer interleaved.
 * Throws OBD_FRAME for a line that is no frame, a frame out of turn, or a message that is cut short.
 */
export function reassemble(lines: readonly string[], bus: BusShape): EcuMessage[] {
  if (bus.headerDigits === 0) return withoutHeaders(lines);
  const frames = framesOf(lines, bus);
  if (!bus.can) return frames.map(({ ecu, bytes }) => ({ ecu, data: bytes }));
  const messages: EcuMessage[] = [];
  const open = new Map<string, Open>();
  for (const frame of frames) take(frame, open, messages);
  const [cut] = open.keys();
  if (cut !== undefined) throw fault('OBD_FRAME', `the message of ${cut} is cut short`);
  return messages;
}

/** ISO 15765-2: single, first and consecutive frames; the adapter has sent the flow control. */
function take({ ecu, bytes }: Frame, open: Map<string, Open>, messages: EcuMessage[]): void {
  const control = bytes[0] ?? 0;
  const running = open.get(ecu);
  const nibble = control & 0xf;
  if (control >> 4 === 2) {
    if (running === undefined || nibble !== running.next) throw fault('OBD_FRAME', `${ecu}: a frame out of turn`);
    running.next = (running.next + 1) & 0xf;
    running.bytes.push(...bytes.subarray(1));
    if (running.bytes.length < running.length) return;
    open.delete(ecu);
    messages.push({ ecu, data: Uint8Array.from(running.bytes.slice(0, running.length)) });
    return;
  }
  if (running !== undefined) throw fault('OBD_FRAME', `${ecu}: a message within a message`);
  if (control >> 4 === 0) messages.push({ ecu, data: bytes.slice(1, 1 + nibble) });
  else open.set(ecu, { bytes: [...bytes.subarray(2)], length: (nibble << 8) | (bytes[1] ?? 0), next: 1 });
}

/**
 * Headers off (`ATH0`, or an adapter that has none): a single frame is its data alone; a longer message is its length in
 * three digits, then lines `0: …`, `1: …` (ELM327DS, "Multiline Responses"). Two units that answer at once over several
 * lines cannot be told apart: OBD_FRAME.
 */
function withoutHeaders(lines: readonly string[]): EcuMessage[] {
  const messages: EcuMessage[] = [];
  let open: Open | undefined;
  for (const line of lines) {
    const text = line.replaceAll(' ', '').toUpperCase();
    const part = /^([0-9A-F]):([0-9A-F]*)$/.exec(text);
    if (part === null && /^[0-9A-F]{3}$/.test(text) && open === undefined) {
      open = { bytes: [], length: parseInt(text, 16), next: 0 };
      continue;
    }
    const bytes = fromHex(part === null ? text : (part[2] ?? ''));
    if (bytes === undefined || bytes.length === 0) throw fault('OBD_FRAME', line);
    if (part === null) {
      if (open !== undefined) throw fault('OBD_FRAME', `${line} within a message`);
      messages.push({ ecu: '', data: bytes });
      continue;
    }
    if (open === undefined || parseInt(part[1] ?? '', 16) !== open.next) throw fault('OBD_FRAME', line);
    open.next = (open.next + 1) & 0xf;
    open.bytes.push(...bytes);
    if (open.bytes.length < open.length) continue;
    messages.push({ ecu: '', data: Uint8Array.from(open.bytes.slice(0, open.length)) });
    open = undefined;
  }
  if (open !== undefined) throw fault('OBD_FRAME', 'a message is cut short');
  return messages;
}
