import { fault } from '../../protocol/errors.js';

/**
 * Services of SAE J1979 that only read. The agent can send no other: 04 would clear the trouble codes, 08 moves
 * actuators, and everything from 10 on is the maker's diagnosis.
 */
export const READ_SERVICES = [0x01, 0x02, 0x03, 0x07, 0x09] as const;
export type ReadService = (typeof READ_SERVICES)[number];

/** CAN only: one single frame of a request holds the service and up to six PIDs (SAE J1979-DA). */
export const MAX_PIDS_PER_REQUEST = 6;

declare const checked: unique symbol;
/** The hex text of a request that has passed the allow-list; made by `readRequest` alone. */
export type ReadRequest = string & { readonly [checked]: true };

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

export const hexByte = (value: number): string => value.toString(16).toUpperCase().padStart(2, '0');
