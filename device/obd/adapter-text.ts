import { fault } from '../../protocol/errors.js';
import type { EdgetwinError } from '../../common/errors.js';

/** What an ELM327 or STN adapter says instead of data. The text is the detail of OBD_ADAPTER. */
export const ADAPTER_FAULTS = [
  'NO DATA',
  'UNABLE TO CONNECT',
  'CAN ERROR',
  'BUS ERROR',
  'BUS INIT: ERROR',
  'BUS INIT: ...ERROR',
  'BUS BUSY',
  'BUFFER FULL',
  '<DATA ERROR',
  'DATA ERROR',
  '<RX ERROR',
  'FB ERROR',
  'STOPPED',
  'LV RESET',
  'LP ALERT',
  'ACT ALERT',
  '?',
] as const;

/** Adapter faults after which the search for the protocol has to begin anew. */
const BUS_IS_GONE: readonly string[] = ['UNABLE TO CONNECT', 'LV RESET', 'LP ALERT', 'ACT ALERT'];
export const busIsGone = (detail: string): boolean => BUS_IS_GONE.some(text => detail.startsWith(text));

/**
 * The lines of an answer, from the raw text before the prompt: without NULs and other bytes that are not ASCII, without
 * `SEARCHING...`, the echo of the command, `BUS INIT: OK`, and empty lines.
 */
export function answerLines(raw: string, command: string): string[] {
  return raw
    .replaceAll(/[^\x20-\x7e\r\n]/g, '')
    .replaceAll(/SEARCHING\.*/g, '\r')
    .replaceAll(/BUS INIT: (\.\.\.)?OK/g, '\r')
    .split(/[\r\n]+/)
    .map(line => line.trim())
    .filter((line, index) => line !== '' && !(index < 2 && line === command));
}

/** OBD_ADAPTER where one of the lines is a fault of the adapter; its text leads the detail. */
export function adapterFault(lines: readonly string[], command: string): EdgetwinError | undefined {
  for (const line of lines) {
    const found = ADAPTER_FAULTS.find(text => (text === '?' ? line === '?' : line.includes(text)));
    if (found !== undefined) return fault('OBD_ADAPTER', `${found.replace('<', '')} after ${command}`);
  }
  return undefined;
}
