import { fault } from './errors.js';

/**
 * Addresses of a vehicle (DESIGN §5): its number (20 bits) gives a twin address (where the device sends, for life)
 * and an alias (what vMD hosts see it as), by a pure function of the prefixes.
 */
export const COAP_PORT = 5683;
export const NUMBER_BITS = 20;
export const MAX_NUMBER = 2 ** NUMBER_BITS - 1;

export interface AddressPlan {
  /** First address of the /12 of twin addresses. */
  readonly twinPrefix: string;
  /** First address of the /12 of aliases. */
  readonly aliasPrefix: string;
}

export const LOOPBACK_PLAN: AddressPlan = { twinPrefix: '127.64.0.0', aliasPrefix: '127.80.0.0' };
export const NETWORK_PLAN: AddressPlan = { twinPrefix: '10.64.0.0', aliasPrefix: '10.80.0.0' };

export function ipv4ToNumber(address: string): number {
  const parts = address.split('.');
  const bytes = parts.map(part => (/^\d{1,3}$/.test(part) ? Number(part) : 256));
  if (bytes.length !== 4 || bytes.some(byte => byte > 255))
    throw fault('REQUEST_INVALID', `'${address}' is not an IPv4 address`);
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0);
}

export function numberToIpv4(value: number): string {
  return [24, 16, 8, 0].map(shift => Math.floor(value / 2 ** shift) % 256).join('.');
}

/** `prefix` plus `offset`: how twin, alias and host addresses are all made. */
export const addressAt = (prefix: string, offset: number): string => numberToIpv4(ipv4ToNumber(prefix) + offset);

export const twinAddress = (plan: AddressPlan, vehicleNumber: number): string =>
  addressAt(plan.twinPrefix, vehicleNumber);
export const aliasAddress = (plan: AddressPlan, vehicleNumber: number): string =>
  addressAt(plan.aliasPrefix, vehicleNumber);

/** The vehicle number behind an address of the /12 `prefix`, or `undefined` where the address is another's. */
export function numberOfAddress(prefix: string, address: string): number | undefined {
  const offset = ipv4ToNumber(address) - ipv4ToNumber(prefix);
  return offset >= 0 && offset <= MAX_NUMBER ? offset : undefined;
}

/**
 * The tag that a switch writes into the UDP source port of a datagram on its way in (DESIGN §5): 1 bit unconfirmed,
 * 4 bits datapath (from 1), 11 bits in_port. The way back is read from it, so it needs no state.
 */
export interface Tag {
  readonly unconfirmed: boolean;
  readonly datapath: number;
  readonly inPort: number;
}

export const UNCONFIRMED_BIT = 0x8000;
export const MAX_IN_PORT = 0x7ff;

export function encodeTag(tag: Tag): number {
  const { unconfirmed, datapath, inPort } = tag;
  if (datapath < 1 || datapath > 15 || inPort < 1 || inPort > MAX_IN_PORT)
    throw fault('FLOW_INVALID', `no tag for port ${inPort} of datapath ${datapath}`);
  return (unconfirmed ? UNCONFIRMED_BIT : 0) + datapath * 0x800 + inPort;
}

export function decodeTag(udpPort: number): Tag {
  return {
    unconfirmed: udpPort >= UNCONFIRMED_BIT,
    datapath: Math.floor(udpPort / 0x800) & 0xf,
    inPort: udpPort & MAX_IN_PORT,
  };
}
