import type { ElmState } from './elm-state.js';
import { runLine, type ElmBus, type ElmReply } from './elm327.js';

/** What cheap copies of the ELM327 do otherwise than its data sheet; all that is left out they do right. */
export interface Clone {
  /** What it calls itself in place of the original. */
  readonly banner?: string;
  /** Commands that it does not know (`ATH1`, `ATDPN`, …): it says `?`. */
  readonly refuses?: readonly string[];
  /** Commands that it takes and does not follow (`ATE0`, `ATS0`, …): it says OK. */
  readonly ignores?: readonly string[];
  /** Its own search for the protocol never finds one. */
  readonly cannotSearch?: boolean;
  /** A count of answers behind a request is not understood. */
  readonly hasNoCounts?: boolean;
  /** Puts NULs and bytes that are not ASCII between its words. */
  readonly isNoisy?: boolean;
  /** Leaves the prompt out. */
  readonly isPromptless?: boolean;
  /** Loses a digit of every answer of the car. */
  readonly losesDigits?: boolean;
  /** Leaves the end of the first line out where there are several. */
  readonly joinsLines?: boolean;
  /** Breaks a line in two after so many characters. */
  readonly breaksLinesAt?: number;
}

const bare = (line: string): string => line.replaceAll(/[^\x21-\x7e]/g, '').toUpperCase();
const isRequest = (command: string): boolean => /^[0-9A-F]{2,}$/.test(command);

/** As `runLine`, by such a copy. */
export function runCloneLine(state: ElmState, line: string, bus: ElmBus, clone: Clone): ElmReply {
  const command = bare(line);
  const reply = runLine(state, line, bus);
  const isUnknown =
    clone.refuses?.includes(command) === true ||
    (clone.hasNoCounts === true && isRequest(command) && command.length % 2 === 1);
  if (isUnknown) return { ...reply, state, wait: { for: 'nothing' }, before: '', text: spoil('?\r\r>', clone) };
  if (clone.cannotSearch === true && isRequest(command) && state.protocol.at === 'searching')
    return { ...reply, state, before: '', text: spoil('UNABLE TO CONNECT\r\r>', clone) };
  const next = clone.ignores?.includes(command) === true ? { ...reply, state } : reply;
  return { ...next, before: spoil(next.before, clone), text: spoil(next.text, clone, isRequest(command)) };
}

function spoil(text: string, clone: Clone, isAnswer = false): string {
  let said = clone.banner === undefined ? text : text.replace('ELM327 v2.2', clone.banner);
  if (isAnswer && clone.joinsLines === true) said = said.replace(/([0-9A-F]{2})\r\n?(?=[0-9A-F])/, '$1');
  if (isAnswer && clone.breaksLinesAt !== undefined)
    said = said.replaceAll(new RegExp(`^([0-9A-F]{${clone.breaksLinesAt}})(?=[0-9A-F])`, 'gm'), '$1\r');
  if (isAnswer && clone.losesDigits === true) said = said.replace(/[0-9A-F]{2}(?=[\r ])/, '#');
  if (clone.isNoisy === true) said = `\0${said.replaceAll('\r', '\r\0\xff')}`;
  return clone.isPromptless === true ? said.replaceAll('>', '') : said;
}
