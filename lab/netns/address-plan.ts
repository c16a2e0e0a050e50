import {
  GATEWAY_MAC as GATEWAY_MAC_NUMBER,
  NETWORK_PLAN,
  addressAt,
  hostMac,
  ipv4ToNumber,
  macText,
} from '../../protocol/addresses.js';
import { address6At } from '../../protocol/ipv6.js';

/** Addresses of a network of namespaces: pure functions of an index, the same in every run. */

/** vMD hosts and services. */
export const HOST_PREFIX = '10.96.0.0';
/** Cars and mobile routers; the last address is the gateway's. */
export const CAR_PREFIX = '10.112.0.0';
/** Next hop to twins and aliases, from everywhere. */
export const [GATEWAY = ''] = NETWORK_PLAN.gateways ?? [];
/** On every port of every switch (DESIGN §5). */
export const GATEWAY_MAC = macText(GATEWAY_MAC_NUMBER);
/** Where a switch in passive mode waits for its controller. */
export const OPENFLOW_PORT = 6653;

/** Twins and aliases are side by side, so are hosts and cars: one route each. */
export const VIRTUAL_ROUTE = `${NETWORK_PLAN.twinPrefix}/11`;
export const LOCAL_ROUTE = `${HOST_PREFIX}/11`;

const DOMAIN_BLOCK = 0x1_000;
const ROUTER_BLOCK = 0x8_0000;

/** Host `index` of domain `domain` (both from 0). Block 0 is for services. */
export const hostAddress = (domain: number, index: number): string =>
  addressAt(HOST_PREFIX, (domain + 1) * DOMAIN_BLOCK + index + 1);
export const serviceAddress = (index: number): string => addressAt(HOST_PREFIX, index + 1);
/** The car whose addresses begin `index` addresses after the first. */
export const carAddress = (index: number): string => addressAt(CAR_PREFIX, index + 1);
export const routerAddress = (index: number): string => addressAt(CAR_PREFIX, ROUTER_BLOCK + index + 1);
/** Behind router `router`; 0 is the router itself. */
export const lanAddress = (router: number, index: number): string => addressAt('192.168.0.0', router * 256 + index + 1);

/** In the controller network, which no switch of the data plane is part of. */
export const controlAddress = (kind: 'switch' | 'place', number: number): string =>
  addressAt('172.31.0.0', (kind === 'switch' ? 0 : 0x100) + number);

const MAC_KINDS = { car: 1, service: 3, router: 4, lan: 5 } as const;

/** The MAC address of the `index`-th of its kind. */
export function macOf(kind: keyof typeof MAC_KINDS, index: number): string {
  const bytes = [MAC_KINDS[kind], Math.floor(index / 256), index % 256];
  return `02:ed:9e:${bytes.map(byte => byte.toString(16).padStart(2, '0')).join(':')}`;
}

/** Flows know a vMD host by the MAC address that its IP address says. */
export const hostMacOf = (address: string): string => macText(hostMac(address));

const LOW_BITS = 0x10_0000;

/** The ULA that stands beside an address of this plan: a /64 for each /12, with the same low 20 bits. */
export const ipv6Of = (ipv4: string): string => address6At(ipv6Prefix(ipv4), ipv4ToNumber(ipv4) % LOW_BITS);

/** Its /64 with the two colons at the end, for a `/64` to be put after it. */
export function ipv6Prefix(ipv4: string): string {
  const prefix = Math.floor(ipv4ToNumber(ipv4) / LOW_BITS) * LOW_BITS;
  return `fded:9e00:0:${Math.floor(prefix / 0x1_0000) % 256}::`;
}
