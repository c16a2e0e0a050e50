import { ipv4ToNumber, MAX_NUMBER, type AddressPlan } from '../../protocol/addresses.js';
import type { Masked } from '../switch/flow-switch.js';

/** What flows are made from that is the same for all vehicles. */
export interface Network {
  readonly plan: AddressPlan;
  readonly datapath: number;
}

export const UDP = 17;
export const TABLE = { classify: 0, wayIn: 1, wayOut: 2, ordinary: 3, copy: 9 } as const;

export const exactly = (value: number, bits: 16 | 32): Masked => ({ value, mask: 2 ** bits - 1 });
export const address = (text: string): Masked => exactly(ipv4ToNumber(text), 32);
/** All addresses of a /12. */
export const prefix = (first: string): Masked => ({ value: ipv4ToNumber(first), mask: 2 ** 32 - 1 - MAX_NUMBER });

/** Meter 1 is for copies of unknown vehicles, the others for one vehicle each. */
export const UNKNOWN_METER = 1;
export const vehicleMeter = (number: number): number => number + 2;
/** Copies a second and vehicle. */
export const COPY_RATE_PER_S = 5;
