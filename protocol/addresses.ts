import { fault } from './errors.js';
import { address6At, hexOfIpv6, ipv6ToHex } from './ipv6.js';

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
  /** First address of the /64 of twin addresses over IPv6; both /64 or none. */
  readonly twin6?: string;
  readonly alias6?: string;
  /** Addresses of the virtual gateway, of either family: next hops that stand for no machine. */
  readonly gateways?: readonly string[];
}

export const LOOPBACK_PLAN: AddressPlan = { twinPrefix: '127.64.0.0', aliasPrefix: '127.80.0.0' };
export const NETWORK_PLAN: AddressPlan = {
  twinPrefix: '10.64.0.0',
  aliasPrefix: '10.80.0.0',
  twin6: 'fded:9e00:0:64::',
  alias6: 'fded:9e00:0:80::',
  gateways: ['10.127.255.254', 'fded:9e00:0:112::f:fffe'],
};

/** The virtual gateway on every port of every switch (DESIGN §5): MAC addresses are unsigned integers of 48 bits. */
export const GATEWAY_MAC = 0x02ed9e000001;
export const BROADCAST_MAC = 0xffffffffffff;
/** The MAC address of a vMD host: 02:ed and the four bytes of its IPv4 address, so that flows can address it behind a bridge. */
export const hostMac = (address: string): number => 0x02ed * 2 ** 32 + ipv4ToNumber(address);
/** As `02:ed:0a:60:10:01`. */
export function macText(mac: number): string {
  const hex = mac.toString(16).padStart(12, '0');
  const byte = (at: number): string => hex.slice(at, at + 2);
  return `${byte(0)}:${byte(2)}:${byte(4)}:${byte(6)}:${byte(8)}:${byte(10)}`;
}

const DOT = 46;
const ZERO = 48;

/** Flows are made of addresses by the thousand, so this reads digit by digit. */
export function ipv4ToNumber(address: string): number {
  let value = 0;
  let byte = 0;
  let digits = 0;
  let dots = 0;
  for (let i = 0; i <= address.length; i++) {
    const code = i === address.length ? DOT : address.charCodeAt(i);
    if (code === DOT) {
      if (digits === 0 || digits > 3 || byte > 255) throw notIpv4(address);
      value = value * 256 + byte;
      byte = digits = 0;
      dots++;
    } else {
      if (code < ZERO || code > ZERO + 9) throw notIpv4(address);
      byte = byte * 10 + code - ZERO;
      digits++;
    }
  }
  if (dots !== 4) throw notIpv4(address);
  return value;
}

const notIpv4 = (address: string): Error => fault('REQUEST_INVALID', `'${address}' is not an IPv4 address`);

export function numberToIpv4(value: number): string {
  return `${(value >>> 24) & 255}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

/** `prefix` plus `offset`: how twin, alias and host addresses are all made. */
export const addressAt = (prefix: string, offset: number): string => numberToIpv4(ipv4ToNumber(prefix) + offset);

export const twinAddress = (plan: AddressPlan, vehicleNumber: number): string =>
  addressAt(plan.twinPrefix, vehicleNumber);
export const aliasAddress = (plan: AddressPlan, vehicleNumber: number): string =>
  addressAt(plan.aliasPrefix, vehicleNumber);

/** Over IPv6, in canonical text; `undefined` where the plan has none. */
export const twinAddress6 = ({ twin6 }: AddressPlan, vehicleNumber: number): string | undefined =>
  twin6 === undefined ? undefined : address6At(twin6, vehicleNumber);
export const aliasAddress6 = ({ alias6 }: AddressPlan, vehicleNumber: number): string | undefined =>
  alias6 === undefined ? undefined : address6At(alias6, vehicleNumber);

/** The vehicle number behind an address of the /12 `prefix`, or `undefined` where the address is another's. */
export function numberOfAddress(prefix: string, address: string): number | undefined {
  const offset = ipv4ToNumber(address) - ipv4ToNumber(prefix);
  return offset >= 0 && offset <= MAX_NUMBER ? offset : undefined;
}

/** The same for the /64 `prefix` of IPv6. */
export function numberOfAddress6(prefix: string, address: string): number | undefined {
  const hex = hexOfIpv6(address);
  if (hex === undefined || hex.slice(0, 16) !== ipv6ToHex(prefix).slice(0, 16)) return undefined;
  // Up to 2^53 the number is exact, and beyond it is too large anyway.
  const number = Number.parseInt(hex.slice(16), 16);
  return number <= MAX_NUMBER ? number : undefined;
}

/**
 * The tag that a switch writes into the UDP source port of a datagram on its way in (DESIGN §5): 1 bit unconfirmed,
 * 4 bits datapath (from 1), 11 bits in_port. The way back is read from it, so it needs no state. In_port 0 leads nowhere:
 * the frame's port could not be told by its tag, its answers are dropped.
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
