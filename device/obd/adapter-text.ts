import { EdgetwinError } from '../../common/errors.js';
import { fault } from '../../protocol/errors.js';

/**
 * What a fault of the adapter means for whoever asked:
 * `silence` the bus is well and nobody answered; `passing` this answer was spoilt, the next may not be; `bus` there is
 * no bus to talk on; `restarted` the adapter has lost its settings; `command` it does not know the command.
 */
export type FaultKind = 'silence' | 'passing' | 'bus' | 'restarted' | 'command';

/** What an ELM327 or STN adapter says instead of data. The text is the detail of OBD_ADAPTER. */
const FAULT_TEXTS: readonly (readonly [text: string, kind: FaultKind])[] = [
  ['NO DATA', 'silence'],
  ['UNABLE TO CONNECT', 'bus'],
  ['CAN ERROR', 'bus'],
  ['BUS ERROR', 'bus'],
  ['BUS INIT: ERROR', 'bus'],
  ['BUS INIT: ...ERROR', 'bus'],
  ['BUS BUSY', 'passing'],
  ['BUFFER FULL', 'passing'],
  ['OUT OF MEMORY', 'passing'],
  ['<DATA ERROR', 'passing'],
  ['DATA ERROR', 'passing'],
  ['<RX ERROR', 'passing'],
  ['FB ERROR', 'bus'],
  ['STOPPED', 'passing'],
  ['LV RESET', 'restarted'],
  ['LP ALERT', 'restarted'],
  ['ACT ALERT', 'restarted'],
  ['ERR', 'restarted'],
  ['?', 'command'],
];
/** Texts of RESTARTED are no words of the adapter: its banner came where an answer should have been. */
const RESTARTED = 'RESTARTED';
const BANNER = /^(ELM327|STN\d|OBDII|OBDLink|SCANTOOL)/i;

export const ADAPTER_FAULTS: readonly string[] = FAULT_TEXTS.map(([text]) => text);

/** The kind of an OBD_ADAPTER fault; `undefined` for any other error. */
export function adapterFaultKind(error: unknown): FaultKind | undefined {
  if (!(error instanceof EdgetwinError) || error.code !== 'OBD_ADAPTER') return undefined;
  if (error.detail.startsWith(RESTARTED)) return 'restarted';
  return FAULT_TEXTS.find(([text]) => error.detail.startsWith(text.replace('<', '')))?.[1];
}

const bare = (text: string): string => text.replaceAll(' ', '').toUpperCase();

/**
 * The lines of an answer, from the raw text before the prompt: without NULs and other bytes that are not ASCII, without
 * `SEARCHING...`, the echo of the command (on a line of its own, or before the answer on the same), `BUS INIT: OK`, and
 * empty lines.
 */
export function answerLines(raw: string, command: string): string[] {
  const lines = raw
    .replaceAll(/[^\x20-\x7e\r\n]/g, '')
    .replaceAll(/SEARCHING\.*/g, '\r')
    .replaceAll(/BUS INIT: ?(\.\.\.)?OK/g, '\r')
    .split(/[\r\n>]+/)
    .map(line => line.trim())
    .filter(line => line !== '');
  const [first = '', ...rest] = lines;
  const echo = bare(command);
  if (bare(first) === echo) return rest;
  // An echo without its end: no answer begins like its request, so what follows is the answer.
  if (echo.length >= 2 && bare(first).startsWith(echo)) return [first.slice(lengthOf(first, echo)).trim(), ...rest];
  return lines;
}

/** Characters of `line` that make up `echo`, which has no spaces. */
function lengthOf(line: string, echo: string): number {
  let at = 0;
  for (let left = echo.length; left > 0; at++) if (line[at] !== ' ') left--;
  return at;
}

/** OBD_ADAPTER where one of the lines is a fault of the adapter; its text leads the detail. */
export function adapterFault(lines: readonly string[], command: string): EdgetwinError | undefined {
  for (const line of lines) {
    const found = ADAPTER_FAULTS.find(text =>
      text === '?' || text === 'ERR' ? line === text || /^ERR\d\d$/.test(line) : line.includes(text),
    );
    if (found !== undefined)
      return fault('OBD_ADAPTER', `${found === 'ERR' ? line : found.replace('<', '')} after ${command}`);
    if (!command.startsWith('AT') && !command.startsWith('ST') && BANNER.test(line))
      return fault('OBD_ADAPTER', `${RESTARTED} after ${command}`);
  }
  return undefined;
}
