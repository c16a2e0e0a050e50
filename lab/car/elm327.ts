import { runAt, reachesCar } from './elm-at.js';
import { CAR_PROTOCOL, ECU_ANSWER_ID, ECU_REQUEST_ID, FUNCTIONAL_ID, type ElmState } from './elm-state.js';
import type { EcuAnswer } from './ecu.js';
import { showAnswer } from './elm-show.js';

/**
 * An ELM327 as a pure interpreter: a command line and the adapter's state in, new state and the adapter's words out.
 * Form of everything it says: data sheet ELM327DS. Its own time is left to the caller (`takes`).
 */
export interface ElmBus {
  readonly voltage: number;
  /** One request on the bus to the answer of the engine's computer. */
  request(bytes: readonly number[]): EcuAnswer;
  /** Number of the protocol that the car speaks (AT DPN); CAN with 11 bits at 500 kbit/s where it is left out. */
  readonly protocol?: number;
  /** What other control units answer beside the engine's. */
  others?(bytes: readonly number[]): readonly (readonly number[])[];
}

/**
 * What a command has to wait for: `reset` the adapter's restart, `search` for the protocol, `answer` the car's turn-around
 * and then, unless `counted`, a while for more answers; `silence` the whole time-out.
 */
export type ElmWait =
  | { readonly for: 'nothing' | 'reset' | 'silence' }
  | { readonly for: 'answer'; readonly counted: boolean; readonly searched: boolean };

export interface ElmReply {
  readonly state: ElmState;
  readonly wait: ElmWait;
  /** Said at once, before the wait (`SEARCHING...`). */
  readonly before: string;
  /** Said after it; ends with the prompt. */
  readonly text: string;
  readonly forbidden: boolean;
}

export const PROMPT = '>';
/** The command buffer of the adapter; a longer line is not understood. */
export const MAX_LINE = 254;
/** A CAN frame carries seven bytes beside its PCI byte: service and six PIDs. */
const MAX_REQUEST_BYTES = 7;
const NOTHING: ElmWait = { for: 'nothing' };

/** Runs one line (without its carriage return; anything that is not printable, and spaces, do not count). */
export function runLine(state: ElmState, line: string, bus: ElmBus): ElmReply {
  const typed = line.replaceAll(/[^\x21-\x7e]/g, '').toUpperCase();
  const command = typed === '' ? state.lastCommand : typed;
  const remembered = { ...state, lastCommand: command };
  if (command.length > MAX_LINE) return plain(state, ['?']);
  if (command === '') return plain(state, []);
  if (command.startsWith('AT')) {
    const result = runAt(remembered, command.slice(2), { voltage: bus.voltage });
    if (result === undefined) return plain(remembered, ['?']);
    // A restart forgets what an empty line would repeat.
    return { ...plain(result.state, result.lines), wait: result.reset ? { for: 'reset' } : NOTHING };
  }
  return request(remembered, command, bus);
}

/** What is printed in place of the answer when a character arrives while the adapter waits for the car. */
export const stopped = (state: ElmState): string => print(state, ['STOPPED']);

/** What the adapter repeats of a command line while echo is on. */
export const echoOf = (state: ElmState, line: string): string => (state.echo ? `${line}\r${feed(state)}` : '');

function request(state: ElmState, command: string, bus: ElmBus): ElmReply {
  const parsed = parseRequest(state, command);
  if (parsed === undefined) return plain(state, ['?']);
  const protocol = bus.protocol ?? CAR_PROTOCOL;
  if (!reachesCar(state, protocol)) return { ...plain(state, ['UNABLE TO CONNECT']), wait: { for: 'silence' } };
  const reachesEcu = state.requestId === FUNCTIONAL_ID || state.requestId === ECU_REQUEST_ID;
  const answer: EcuAnswer = reachesEcu ? bus.request(parsed.bytes) : { message: undefined };
  const searched = state.protocol.at === 'searching';
  const before = searched ? `SEARCHING...${end(state)}` : '';
  const forbidden = answer.forbidden === true;
  const heard = state.receiveId === undefined || state.receiveId === ECU_ANSWER_ID;
  if (answer.message === undefined || !heard) {
    // While it searches, silence means that no protocol was found; `NO DATA` is said on a bus that is known.
    const said = searched ? 'UNABLE TO CONNECT' : 'NO DATA';
    return { ...plain(state, [said]), before, forbidden, wait: { for: 'silence' } };
  }
  const next: ElmState = searched ? { ...state, protocol: { at: 'found', number: protocol } } : state;
  const messages = [answer.message, ...(bus.others?.(parsed.bytes) ?? [])];
  const counted = parsed.count !== undefined;
  return {
    state: next,
    wait: { for: 'answer', counted, searched },
    before,
    text: print(next, showAnswer(next, protocol, messages).slice(0, parsed.count)),
    forbidden,
  };
}

interface Request {
  readonly bytes: readonly number[];
  /** Frames after which the adapter no longer waits. */
  readonly count: number | undefined;
}

function parseRequest(state: ElmState, command: string): Request | undefined {
  if (!/^[0-9A-F]{2,}$/.test(command)) return undefined;
  const digits = command.length - (command.length % 2);
  const bytes = Array.from({ length: digits / 2 }, (_, index) => parseInt(command.slice(index * 2, index * 2 + 2), 16));
  // Data sheet, "Talking to the Vehicle": a single digit at the end is the number of lines that are awaited.
  const last = command.length % 2 === 1 ? parseInt(command.slice(-1), 16) : 0;
  const count = last === 0 ? undefined : last;
  if (state.autoFormat) return bytes.length > MAX_REQUEST_BYTES ? undefined : { bytes, count };
  const [length = 0, ...data] = bytes;
  return bytes.length > MAX_REQUEST_BYTES + 1 || length > data.length || length === 0
    ? undefined
    : { bytes: data.slice(0, length), count };
}

const feed = (state: ElmState): string => (state.lineFeeds ? '\n' : '');
const end = (state: ElmState): string => `\r${feed(state)}`;
/** The lines, an empty one, the prompt. */
const print = (state: ElmState, lines: readonly string[]): string =>
  `${lines.map(line => `${line}${end(state)}`).join('')}${end(state)}${PROMPT}`;

const plain = (state: ElmState, lines: readonly string[]): ElmReply => ({
  state,
  wait: NOTHING,
  before: '',
  text: print(state, lines),
  forbidden: false,
});
