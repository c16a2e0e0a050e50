import { ipv4ToNumber, MAX_NUMBER, type AddressPlan } from '../../protocol/addresses.js';
import { ipv6ToHex, isIpv6 } from '../../protocol/ipv6.js';
import type { Topology } from '../../protocol/topology.js';
import type { Abilities, Action, Masked, Match, WideMasked } from '../switch/flow-switch.js';

/** What flows are made from that is the same for all vehicles. */
export interface Network {
  readonly plan: AddressPlan;
  readonly topology: Topology;
  /** Who may vouch for a new attachment (DESIGN §5, "Proof before trust"). */
  readonly trust: 'lab' | 'access' | 'proof';
  readonly abilities: (datapath: number) => Abilities;
}

export const UDP = 17;
export const TABLE = {
  classify: 0,
  wayIn: 1,
  wayOut: 2,
  ordinary: 3,
  forward: 4,
  egress: 5,
  advertise: 6,
  copy: 9,
} as const;

/** Metadata: the low 8 bits are the index of the domain of the port that a frame came in by, from 1. */
export const DOMAIN_MASK = 0xff;
/** Set where an armed route took the frame, so that its copy tells. */
export const ARMED_BIT = 0x100;
/** On the way out, metadata is the port that the answer leaves by. */
export const PORT_BITS = 11;
export const PORT_MASK = 2 ** PORT_BITS - 1;

export const domainIndex = ({ topology }: Network, domain: string): number => topology.domains.indexOf(domain) + 1;

/** Both families work alike; a match, an action and an address differ. */
export type Family = 'ipv4' | 'ipv6';
export const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];
export const familyOf = (address: string): Family => (isIpv6(address) ? 'ipv6' : 'ipv4');

/** An address as matches and actions have it: IPv4 as an unsigned integer, IPv6 as 32 hex digits. */
export type Addr = number | string;
export const addrOf = (text: string): Addr => (isIpv6(text) ? ipv6ToHex(text) : ipv4ToNumber(text));

export const exactly = (value: number, bits: 8 | 16 | 32 | 48): Masked => ({ value, mask: 2 ** bits - 1 });
const ALL_ONES = 'f'.repeat(32);
const exactlyWide = (value: string): WideMasked => ({ value, mask: ALL_ONES });
const prefixMasked = (first: string): Masked => ({ value: ipv4ToNumber(first), mask: 2 ** 32 - 1 - MAX_NUMBER });
const prefixWide = (first: string): WideMasked => ({
  value: `${ipv6ToHex(first).slice(0, 16)}${'0'.repeat(16)}`,
  mask: `${'f'.repeat(16)}${'0'.repeat(16)}`,
});

export const fromAddress = (address: Addr): Match =>
  typeof address === 'number' ? { ipSrc: exactly(address, 32) } : { ip6Src: exactlyWide(address) };
export const toAddress = (address: Addr): Match =>
  typeof address === 'number' ? { ipDst: exactly(address, 32) } : { ip6Dst: exactlyWide(address) };
/** All addresses of a /12 (IPv4) or /64 (IPv6). */
export const fromPrefix = (first: string): Match =>
  isIpv6(first) ? { ip6Src: prefixWide(first) } : { ipSrc: prefixMasked(first) };
export const toPrefix = (first: string): Match =>
  isIpv6(first) ? { ip6Dst: prefixWide(first) } : { ipDst: prefixMasked(first) };
export const arpFor = (first: string, what: 'prefix' | 'address'): Masked =>
  what === 'prefix' ? prefixMasked(first) : exactly(ipv4ToNumber(first), 32);
export const solicitedFor = (first: string, what: 'prefix' | 'address'): WideMasked =>
  what === 'prefix' ? prefixWide(first) : exactlyWide(ipv6ToHex(first));

export const setFrom = (address: Addr): Action =>
  typeof address === 'number'
    ? { do: 'set', field: 'ipSrc', value: address }
    : { do: 'setWide', field: 'ip6Src', value: address };
export const setTo = (address: Addr): Action =>
  typeof address === 'number'
    ? { do: 'set', field: 'ipDst', value: address }
    : { do: 'setWide', field: 'ip6Dst', value: address };

/** First twin address and first alias of a family, where the plan has them. */
export function prefixesOf(
  { twinPrefix, aliasPrefix, twin6, alias6 }: AddressPlan,
  family: Family,
): { readonly twin: string; readonly alias: string } | undefined {
  if (family === 'ipv4') return { twin: twinPrefix, alias: aliasPrefix };
  return twin6 === undefined || alias6 === undefined ? undefined : { twin: twin6, alias: alias6 };
}

/** Meters that Open vSwitch has (3.1: `ovs-ofctl meter-features`); numbers of vehicles go further. */
const METERS = 2 ** 18;
/**
 * Meter 1 is for copies of unknown vehicles, the last 2,048 for ports, the others for one vehicle each: numbers are given out
 * in order, so that two share one only in a fleet of more than 260,094.
 */
export const UNKNOWN_METER = 1;
const PORT_METERS = METERS - 2 ** PORT_BITS;
export const vehicleMeter = (number: number): number => UNKNOWN_METER + 1 + (number % (PORT_METERS - 2));
/**
 * Copies from a port where somebody speaks as a vehicle who has not been confirmed, of all vehicles together: whoever is there
 * takes none of what the vehicle's own meter lets through.
 */
export const portMeter = (port: number): number => PORT_METERS + port;
/** Copies a second and vehicle. */
export const COPY_RATE_PER_S = 5;
