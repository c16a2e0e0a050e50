import { fault } from '../../protocol/errors.js';

/**
 * Services of SAE J1979 that only read. The agent can send no other: 04 would clear the trouble codes, 08 moves
 * actuators, and everything from 10 on is the maker's diagnosis.
 */
export const READ_SERVICES = [0x01, 0x02, 0x03, 0x07, 0x09] as const;
export type ReadService = (typeof READ_SERVICES)[number];

/** CAN only: one single frame of a request holds the service and up to six PIDs (SAE J1979-DA). */
export const MAX_PIDS_PER_REQUEST = 6;

/**
 * Every command that the adapter takes itself: those of the ELM327 (data sheet ELM327DS), and of STN adapters (STN1100
 * reference manual). None of them puts a message of ours on the bus; `ATPC` ends the session that the adapter holds.
 */
export const ADAPTER_COMMANDS = [
  ...['ATZ', 'ATE0', 'ATL0', 'ATS0', 'ATH1', 'ATH0', 'AT RV', 'ATI', 'ATDPN', 'ATPC', 'ATSP0'],
  // One protocol, tried and not stored: the adapter's memory is spared.
  ...['ATTP1', 'ATTP2', 'ATTP3', 'ATTP4', 'ATTP5', 'ATTP6', 'ATTP7', 'ATTP8', 'ATTP9'],
  ...['STI', 'STDI', 'STVR'],
] as const;

declare const checked: unique symbol;
/** The hex text of a request that has passed the allow-list; made by `readRequest` alone. */
export type ReadRequest = string & { readonly [checked]: 'request' };
/** A command of the list above; made by `adapterCommand` alone. */
export type AdapterCommand = string & { readonly [checked]: 'command' };

/**
 * The text of a request, e.g. `010C0D`. `replies` is appended as the count of answers after which the adapter need not
 * wait any longer (ELM327: one hex digit). Throws OBD_FORBIDDEN for a service that is not only for reading.
 */
export function readRequest(service: number, pids: readonly number[] = [], replies?: number): ReadRequest {
  if (!READ_SERVICES.some(allowed => allowed === service)) throw fault('OBD_FORBIDDEN', `service ${hexByte(service)}`);
  if (pids.length > MAX_PIDS_PER_REQUEST || pids.some(pid => !Number.isInteger(pid) || pid < 0 || pid > 0xff))
    throw fault('OBD_FORBIDDEN', `PIDs ${pids.map(hexByte).join(' ')}`);
  const count = replies === undefined || replies < 1 || replies > 15 ? '' : replies.toString(16).toUpperCase();
  return `${hexByte(service)}${pids.map(hexByte).join('')}${count}` as ReadRequest;
}

/** A command to the adapter. Throws OBD_FORBIDDEN for one that is not on the list. */
export function adapterCommand(text: string): AdapterCommand {
  if (!ADAPTER_COMMANDS.some(allowed => allowed === text)) throw fault('OBD_FORBIDDEN', text);
  return text as AdapterCommand;
}

const REQUEST = /^(01|02|03|07|09)[0-9A-F]{0,13}$/;

/** The last word before the wire, whatever the types said: a command of the list, or a request that only reads. */
export const mayBeSent = (text: string): boolean =>
  REQUEST.test(text) || ADAPTER_COMMANDS.some(allowed => allowed === text);

export const hexByte = (value: number): string => value.toString(16).toUpperCase().padStart(2, '0');
