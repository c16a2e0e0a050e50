import {
  CAR_PREFIX,
  GATEWAY,
  GATEWAY_MAC,
  HOST_PREFIX,
  LOCAL_ROUTE,
  VIRTUAL_ROUTE,
  ipv6Of,
  ipv6Prefix,
} from './address-plan.js';
import { NETWORK_PLAN } from '../../protocol/addresses.js';
import { fault } from '../../protocol/errors.js';
import type { NetnsSpec } from './spec.js';
import { STATION_DEVICE, type Attachment, type Mobile, type Plan, type Station } from './plan.js';

/** Lines for `ip -batch` that give places their addresses, routes and neighbours, and that move cars: pure. */
export type Family = Pick<NetnsSpec, 'ipv6' | 'neighbours'>;

const VIRTUAL_PREFIXES = [NETWORK_PLAN.twinPrefix, NETWORK_PLAN.aliasPrefix];
const LOCAL_PREFIXES = [HOST_PREFIX, CAR_PREFIX];
/** Routing tables of the attachments of a fleet are numbered from here. */
const FIRST_TABLE = 1_000;

/** Addresses and routes of a host or service, which never change. */
export function stationLines({ address }: Station, { ipv6 }: Family): readonly string[] {
  const device = STATION_DEVICE;
  return [
    `addr add ${address}/11 dev ${device}`,
    `route add ${VIRTUAL_ROUTE} via ${GATEWAY} dev ${device}`,
    ...(ipv6
      ? [
          `addr add ${ipv6Of(address)}/64 dev ${device} nodad`,
          `route add ${ipv6Prefix(CAR_PREFIX)}/64 dev ${device}`,
          ...VIRTUAL_PREFIXES.map(prefix => `route add ${ipv6Prefix(prefix)}/64 via ${ipv6Of(GATEWAY)} dev ${device}`),
        ]
      : []),
  ];
}

/**
 * Addresses of a car or router. IPv4 addresses are on the loopback device: they stay when the car moves, and with
 * `arp_filter` it answers for them only where its routes go.
 */
export function mobileLines(mobile: Mobile, family: Family): readonly string[] {
  return [
    ...mobile.addresses.flatMap(address => addressLines(address, 'add', family)),
    ...mobile.attachments.flatMap(({ device, behind }) =>
      behind === undefined
        ? []
        : [`addr add ${behind.source}/32 dev lo`, `route add ${behind.network} dev ${device} src ${behind.source}`],
    ),
    ...(mobile.addresses.length > 1 ? fleetTables(mobile) : []),
    ...moveLines(mobile, { to: attachmentOf(mobile, mobile.at), addresses: mobile.addresses }, family),
  ];
}

/** Routes that send what a car sends to another attachment, from the next datagram on. */
export function moveLines(
  mobile: Mobile,
  move: { readonly from?: Attachment; readonly to: Attachment; readonly addresses: readonly string[] },
  family: Family,
): readonly string[] {
  const { from, to, addresses } = move;
  const [address = ''] = addresses;
  const { behind, device } = to;
  if (behind !== undefined)
    return [VIRTUAL_ROUTE, LOCAL_ROUTE].map(
      prefix => `route replace ${prefix} via ${behind.gateway} dev ${device} onlink src ${behind.source}`,
    );
  return [
    `route replace ${VIRTUAL_ROUTE} via ${GATEWAY} dev ${device} onlink src ${address}`,
    `route replace ${LOCAL_ROUTE} dev ${device} src ${address}`,
    ...(mobile.addresses.length > 1
      ? addresses.flatMap(one => fleetLines(mobile, one, from, to))
      : family.ipv6
        ? moveLines6(address, from, to, family)
        : []),
  ];
}

/** One address of a fleet to another attachment: the new rule first, so that there is always one. */
export function fleetLines(
  mobile: Mobile,
  address: string,
  from: Attachment | undefined,
  to: Attachment,
): readonly string[] {
  if (from === to) return [];
  return [
    `rule add from ${address} pref 100 lookup ${tableOf(mobile, to)}`,
    ...(from === undefined ? [] : [`rule del from ${address} pref 100 lookup ${tableOf(mobile, from)}`]),
  ];
}

/** An address of a car or router on its loopback device. */
export const addressLines = (address: string, change: 'add' | 'del', { ipv6 }: Family): readonly string[] => [
  `addr ${change} ${address}/32 dev lo`,
  // Without `nodad` no route may name it as its source for a moment.
  ...(ipv6 ? [`addr ${change} ${ipv6Of(address)}/128 dev lo${change === 'add' ? ' nodad' : ''}`] : []),
];

/** Another source address instead of the one a car has; the new one is there already ({@link addressLines}). */
export function readdressLines(before: Mobile, after: Mobile, at: Attachment, family: Family): readonly string[] {
  const [was = ''] = before.addresses;
  return [
    ...moveLines(after, { to: at, addresses: after.addresses }, family),
    ...(family.ipv6 && family.neighbours === 'arp' && at.behind === undefined
      ? [`addr del ${ipv6Of(was)}/128 dev ${at.device}`]
      : []),
    ...addressLines(was, 'del', family),
  ];
}

/** Permanent neighbours of a place: the gateway on every device, and everybody else that it may speak to directly. */
export function neighbourLines(plan: Plan, name: string, family: Family): readonly string[] {
  const station = plan.stations.find(one => one.name === name);
  const mobile = plan.mobiles.find(one => one.name === name);
  const stations = plan.stations.filter(one => one.name !== name).map(({ address, mac }) => ({ address, mac }));
  if (station !== undefined) {
    const mobiles = plan.mobiles.flatMap(({ addresses, mac }) => addresses.map(address => ({ address, mac })));
    return [{ address: GATEWAY, mac: GATEWAY_MAC }, ...stations, ...mobiles].flatMap(one =>
      neighbourLine(one.address, one.mac, STATION_DEVICE, family),
    );
  }
  return (mobile?.attachments ?? [])
    .filter(({ behind }) => behind === undefined)
    .flatMap(({ device }) =>
      [{ address: GATEWAY, mac: GATEWAY_MAC }, ...stations].flatMap(one =>
        neighbourLine(one.address, one.mac, device, family),
      ),
    );
}

export const neighbourLine = (address: string, mac: string, device: string, { ipv6 }: Family): readonly string[] => [
  `neigh replace ${address} lladdr ${mac} dev ${device} nud permanent`,
  ...(ipv6 ? [`neigh replace ${ipv6Of(address)} lladdr ${mac} dev ${device} nud permanent`] : []),
];

/**
 * IPv6 knows no `arp_filter`: where neighbours are asked for, the address is on the current device as well, which then
 * answers. Each such change of device makes the kernel report its groups (MLD) on both; static neighbours are silent.
 */
function moveLines6(ipv4: string, from: Attachment | undefined, to: Attachment, family: Family): readonly string[] {
  const address = ipv6Of(ipv4);
  const { device } = to;
  const asked = family.neighbours === 'arp';
  return [
    ...(asked ? [`addr replace ${address}/128 dev ${device} nodad`] : []),
    ...LOCAL_PREFIXES.map(prefix => `route replace ${ipv6Prefix(prefix)}/64 dev ${device} src ${address}`),
    ...VIRTUAL_PREFIXES.map(
      prefix => `route replace ${ipv6Prefix(prefix)}/64 via ${ipv6Of(GATEWAY)} dev ${device} onlink src ${address}`,
    ),
    ...(asked && from !== undefined && from !== to && from.behind === undefined
      ? [`addr del ${address}/128 dev ${from.device}`]
      : []),
  ];
}

const fleetTables = (mobile: Mobile): readonly string[] =>
  mobile.attachments.flatMap(attachment => [
    `route add ${VIRTUAL_ROUTE} via ${GATEWAY} dev ${attachment.device} onlink table ${tableOf(mobile, attachment)}`,
    `route add ${LOCAL_ROUTE} dev ${attachment.device} table ${tableOf(mobile, attachment)}`,
  ]);

const tableOf = (mobile: Mobile, attachment: Attachment): number =>
  FIRST_TABLE + mobile.attachments.indexOf(attachment);

export function attachmentOf(mobile: Mobile, name: string): Attachment {
  const found = mobile.attachments.find(one => one.name === name);
  if (found === undefined) throw fault('LAB_FAILED', `${mobile.name} has no way to ${name}`);
  return found;
}
