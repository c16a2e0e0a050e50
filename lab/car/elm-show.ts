import { CAN11_IDS, CAN29_IDS, SOURCES, type ElmState } from './elm-state.js';
import { isoTpFrames } from './iso-tp.js';

/** Protocol numbers by the form of their lines (ELM327DS, "Interpreting Trouble Codes", "Multiline Responses"). */
const CAN29: readonly number[] = [7, 9];
const J1850: readonly number[] = [1, 2];
const ISO9141 = 3;
const KWP: readonly number[] = [4, 5];
/** Service 09 over K-line and J1850: four bytes a message; services 03 and 07: three codes a message. */
const INFO_BYTES = 4;
const CODE_BYTES = 6;

/** The lines in which an adapter shows what each control unit answered, the engine's first. */
export function showAnswer(state: ElmState, protocol: number, messages: readonly (readonly number[])[]): string[] {
  if (J1850.includes(protocol) || KWP.includes(protocol) || protocol === ISO9141)
    return messages.flatMap((message, unit) =>
      parts(message).map(part => kLine(state, protocol, SOURCES[unit] ?? 0x10, part)),
    );
  const ids = CAN29.includes(protocol) ? CAN29_IDS : CAN11_IDS;
  const shown = messages.map((message, unit) => showFrames(state, ids[unit] ?? ids[0], isoTpFrames(message)));
  // Units answer at the same time: their frames come in turn.
  const longest = Math.max(0, ...shown.map(lines => lines.length));
  return Array.from({ length: longest }, (_, at) => shown.flatMap(lines => lines.slice(at, at + 1))).flat();
}

/** One line per frame; without headers the adapter takes single frames out of their frame and numbers the others. */
function showFrames(state: ElmState, id: string, frames: readonly (readonly number[])[]): readonly string[] {
  if (state.headers) return frames.map(frame => `${id}${state.spaces ? ' ' : ''}${showBytes(state, frame)}`);
  if (!state.autoFormat) return frames.map(frame => showBytes(state, frame));
  return frames.flatMap(([pci = 0, ...data]) => {
    if (pci < 0x10) return [showBytes(state, data.slice(0, pci))];
    if (pci >= 0x20) return [numbered(state, pci & 0xf, data)];
    const [low = 0, ...rest] = data;
    const length = ((pci & 0xf) << 8) | low;
    return [length.toString(16).toUpperCase().padStart(3, '0'), numbered(state, 0, rest)];
  });
}

/** A message as older buses send it: without the count byte of CAN, in pieces, each with a number where it is of service 09. */
function parts(message: readonly number[]): (readonly number[])[] {
  const [service = 0, first = 0] = message;
  if (service === 0x49 && first !== 0) {
    const bytes = message.slice(3);
    const padded = [...Array<number>((INFO_BYTES - (bytes.length % INFO_BYTES)) % INFO_BYTES).fill(0), ...bytes];
    return pieces(padded, INFO_BYTES).map((piece, at) => [service, first, at + 1, ...piece]);
  }
  // The bitmap of service 09 follows a count of messages.
  if (service === 0x49) return [[service, first, 1, ...message.slice(2)]];
  if (service === 0x43 || service === 0x47) {
    const codes = message.slice(2);
    const padded = [...codes, ...Array<number>((CODE_BYTES - (codes.length % CODE_BYTES)) % CODE_BYTES).fill(0)];
    return pieces(padded.length === 0 ? Array<number>(CODE_BYTES).fill(0) : padded, CODE_BYTES).map(piece => [
      service,
      ...piece,
    ]);
  }
  return [message];
}

const pieces = (bytes: readonly number[], size: number): (readonly number[])[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.slice(at * size, (at + 1) * size));

function kLine(state: ElmState, protocol: number, source: number, data: readonly number[]): string {
  if (!state.headers) return showBytes(state, data);
  const head = KWP.includes(protocol) ? [0x80 | data.length, 0xf1, source] : [0x48, 0x6b, source];
  const all = [...head, ...data];
  const check = J1850.includes(protocol) ? crc8(all) : all.reduce((sum, byte) => (sum + byte) & 0xff, 0);
  return showBytes(state, [...all, check]);
}

/** SAE J1850 §5.4: polynomial 1D, preset to ones, inverted. */
function crc8(bytes: readonly number[]): number {
  let crc = 0xff;
  for (const byte of bytes)
    for (let bit = 7; bit >= 0; bit--) {
      const top = (crc >> 7) ^ ((byte >> bit) & 1);
      crc = ((crc << 1) & 0xff) ^ (top === 1 ? 0x1d : 0);
    }
  return crc ^ 0xff;
}

const numbered = (state: ElmState, index: number, bytes: readonly number[]): string =>
  `${index.toString(16).toUpperCase()}:${state.spaces ? ' ' : ''}${showBytes(state, bytes)}`;

/** With spaces on, one follows the last byte too. */
const showBytes = (state: ElmState, bytes: readonly number[]): string =>
  bytes.map(byte => byte.toString(16).toUpperCase().padStart(2, '0') + (state.spaces ? ' ' : '')).join('');
