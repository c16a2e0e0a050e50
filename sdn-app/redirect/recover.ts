import { BROADCAST_MAC, numberToIpv4 } from '../../protocol/addresses.js';
import { hexToIpv6 } from '../../protocol/ipv6.js';
import { portTowards } from '../../protocol/topology.js';
import { UNCONFIRMED_BIT } from '../../protocol/addresses.js';
import type { Field, Flow, FlowStats, Match } from '../switch/flow-switch.js';
import { etherTypeOf } from '../switch/flow-text.js';
import { decodeCookie, type Kind } from './cookie.js';
import { PORT_MASK, TABLE, type Network } from './network.js';
import { PRIORITY } from './row.js';
import { sameSource, type Armed, type HostEnd, type Place, type VehicleView } from './view.js';

/**
 * What one switch alone tells about a vehicle after everyone else forgot it; `epoch` is mod 2^24. Not told: leases, places
 * just left, and IPv6 addresses of hosts other than its own. `undefined` where it holds no way in.
 */
export function recoverView(
  network: Network,
  datapath: number,
  number: number,
  found: readonly FlowStats[],
): VehicleView | undefined {
  const at: At = { network, datapath };
  const rows = found.flatMap((stats): Found[] => {
    const cookie = decodeCookie(stats.cookie);
    return cookie?.number === number ? [{ kind: cookie.kind, epoch: cookie.epochLow, stats }] : [];
  });
  const unknown = rows.filter(({ kind, stats }) => kind === 'unknown' && stats.priority === PRIORITY.unknown);
  const into = unknown.find(({ stats }) => etherTypeOf(stats.match) === 'ipv4');
  const host = into === undefined ? undefined : hostOf(at, into.stats);
  if (into === undefined || host === undefined) return undefined;
  const address6 = unknown.flatMap(({ stats }) => wideSet(stats) ?? [])[0];
  const paths = rows.flatMap(({ kind, stats }) => (kind === 'path' ? placeIn(at, stats.match) : []));
  const known = rows.flatMap(({ kind, stats }) => (kind === 'wayOut' ? deviceOf(at, stats, 0) : []))[0];
  const back = rows.flatMap(({ kind, stats }) => (kind === 'return' ? returnOf(at, stats) : []));
  const [place, also] = inOrder(paths, known).map(path => withMac(path, [known, ...back.map(({ to }) => to)]));
  return {
    number,
    host: { ...host, ...(address6 === undefined ? {} : { address6 }) },
    epoch: into.epoch,
    ...(place === undefined ? {} : { place }),
    ...(also === undefined ? {} : { also }),
    armed: rows.flatMap(({ kind, stats }) =>
      kind === 'armed' && stats.table === TABLE.wayIn ? armedOf(at, stats) : [],
    ),
    returns: back.filter(({ unconfirmed }) => unconfirmed).map(({ to }) => to),
    leaving: onePerHost(rows.flatMap(row => leavingOf(at, row, host))),
  };
}

interface At {
  readonly network: Network;
  readonly datapath: number;
}
interface Found {
  readonly kind: Kind;
  readonly epoch: number;
  readonly stats: FlowStats;
}

const setValue = ({ actions }: Flow, field: Field): number | undefined =>
  actions.flatMap(action => (action.do === 'set' && action.field === field ? [action.value] : [])).at(-1);

function wideSet({ actions }: Flow): string | undefined {
  const hex = actions.flatMap(action =>
    action.do === 'setWide' && action.field === 'ip6Dst' ? [action.value] : [],
  )[0];
  return hex === undefined ? undefined : hexToIpv6(hex);
}

/** The domain of a host by the port that leads to it; behind a trunk the flow says which. */
function domainBy({ network, datapath }: At, flow: Flow, port: number): string | undefined {
  const { domains } = network.topology;
  const noted = setValue(flow, 'reg2');
  return noted === undefined
    ? domains.find(domain => portTowards(network.topology, datapath, domain) === port)
    : domains[noted - 1];
}

/** Where a way in leads. Over IPv6 the host's IPv4 address is in its MAC address. */
function hostOf(at: At, flow: Flow): HostEnd | undefined {
  const mac = setValue(flow, 'ethDst');
  const port = setValue(flow, 'udpDst');
  const outPort = flow.actions.flatMap(({ ...action }) =>
    action.do === 'output' && typeof action.to === 'object' && 'port' in action.to ? [action.to.port] : [],
  )[0];
  const domain = outPort === undefined ? undefined : domainBy(at, flow, outPort);
  if (mac === undefined || port === undefined || domain === undefined) return undefined;
  const address6 = wideSet(flow);
  return {
    address: numberToIpv4(mac % 2 ** 32),
    port,
    domain,
    ...(address6 === undefined ? {} : { address6 }),
  };
}

function placeIn({ datapath }: At, { inPort, ipSrc, ip6Src, udpSrc }: Match): Place[] {
  const address = ipSrc === undefined ? ip6Src && hexToIpv6(ip6Src.value) : numberToIpv4(ipSrc.value);
  if (inPort === undefined || address === undefined || udpSrc === undefined) return [];
  return [{ datapath, port: inPort, source: { address, port: udpSrc.value } }];
}

/** The device that a way out leads to. Without moves there may be two; the last is where the vehicle is. */
function deviceOf({ datapath }: At, flow: Flow, port: number): Place[] {
  const ip = setValue(flow, 'ipDst');
  const address = ip === undefined ? wideSet(flow) : numberToIpv4(ip);
  const to = setValue(flow, 'udpDst');
  const mac = setValue(flow, 'ethDst');
  if (address === undefined || to === undefined) return [];
  const known = mac === undefined || mac === BROADCAST_MAC ? {} : { mac };
  return [{ datapath, port, source: { address, port: to }, ...known }];
}

function returnOf(at: At, flow: Flow): { readonly to: Place; readonly unconfirmed: boolean }[] {
  const tag = flow.match.udpDst?.value;
  if (tag === undefined) return [];
  return deviceOf(at, flow, tag & PORT_MASK).map(to => ({ to, unconfirmed: tag >= UNCONFIRMED_BIT }));
}

/** Of two places the one whose source is the known one comes first. */
const inOrder = (paths: readonly Place[], known: Place | undefined): readonly Place[] =>
  [...paths].sort((a, b) =>
    known === undefined ? 0 : Number(sameSource(b, known)) - Number(sameSource(a, known)) || a.port - b.port,
  );

function withMac(place: Place, seen: readonly (Place | undefined)[]): Place {
  const mac = seen.find(other => other !== undefined && sameSource(place, other))?.mac;
  return mac === undefined ? place : { ...place, mac };
}

function armedOf(at: At, flow: Flow): Armed[] {
  const domain = at.network.topology.domains[(flow.match.metadata?.value ?? 0) - 1];
  const host = hostOf(at, flow);
  return domain === undefined || host === undefined ? [] : [{ domain, host }];
}

/** A switch without moves has a way out for each tag. */
const onePerHost = (leaving: VehicleView['leaving']): VehicleView['leaving'] => [
  ...new Map(leaving.map(old => [`${old.host.address}:${old.host.port}`, old])).values(),
];

function leavingOf(at: At, { kind, epoch, stats }: Found, host: HostEnd): VehicleView['leaving'][number][] {
  const { inPort, ipSrc, ip6Src, udpSrc } = stats.match;
  const ip = ipSrc?.value ?? setValue(stats, 'reg0');
  if (kind !== 'wayOut' || ip === undefined || udpSrc === undefined || inPort === undefined) return [];
  const domain = domainBy(at, stats, inPort);
  const address = numberToIpv4(ip);
  if (domain === undefined || (address === host.address && udpSrc.value === host.port)) return [];
  const address6 = ip6Src === undefined ? {} : { address6: hexToIpv6(ip6Src.value) };
  return [{ host: { address, port: udpSrc.value, domain, ...address6 }, epoch }];
}
