import { ipv4ToNumber, type AddressPlan } from '../../protocol/addresses.js';
import { ipv6ToHex } from '../../protocol/ipv6.js';
import { hostPortOf, portTowards, type Port, type Topology } from '../../protocol/topology.js';
import { prefixesOf, type Addr, type Family, type Network } from './network.js';

/** What one vehicle's flows on one switch are made from, worked out once. */
export interface Scene {
  readonly network: Network;
  readonly datapath: number;
  readonly number: number;
  /** The switch has `move`, `load` and registers. */
  readonly moves: boolean;
  /** Copies get to the app. */
  readonly copies: boolean;
  readonly site: Site;
  /** The vehicle's two addresses of a family, where the plan has them. */
  readonly addresses: Readonly<Record<Family, Addresses | undefined>>;
}

export interface Addresses {
  readonly twin: Addr;
  readonly alias: Addr;
}

/** One switch in its network. */
export interface Site {
  readonly ports: ReadonlyMap<number, Port>;
  readonly hasAccess: boolean;
  readonly hasTrunk: boolean;
  /** The port by which hosts of each domain are reached. */
  readonly towards: ReadonlyMap<string, { readonly port: number; readonly trunk: boolean }>;
}

export function sceneOf(network: Network, datapath: number, number: number): Scene {
  const { moves, packetIns } = network.abilities(datapath);
  const site = siteOf(network.topology, datapath);
  return { network, datapath, number, moves, copies: packetIns, site, addresses: addressesOf(network.plan, number) };
}

/** By topology: a network makes flows for many vehicles, and its topology never changes. */
const sites = new WeakMap<Topology, Map<number, Site>>();

function siteOf(topology: Topology, datapath: number): Site {
  const known = sites.get(topology) ?? new Map<number, Site>();
  sites.set(topology, known);
  const site = known.get(datapath) ?? workOut(topology, datapath);
  known.set(datapath, site);
  return site;
}

function workOut(topology: Topology, datapath: number): Site {
  const ports = topology.switches.find(row => row.datapath === datapath)?.ports ?? [];
  const towards = topology.domains.flatMap(domain => {
    const port = portTowards(topology, datapath, domain);
    const trunk = hostPortOf(topology, datapath, domain) === undefined;
    return port === undefined ? [] : [[domain, { port, trunk }] as const];
  });
  return {
    ports: new Map(ports.map(port => [port.port, port])),
    hasAccess: ports.some(({ role }) => role === 'access'),
    hasTrunk: ports.some(({ role }) => role === 'trunk'),
    towards: new Map(towards),
  };
}

/** First addresses as numbers, and the high half of those over IPv6 as digits. */
const firsts = new WeakMap<AddressPlan, Record<Family, Addresses | undefined>>();

function addressesOf(plan: AddressPlan, number: number): Scene['addresses'] {
  const { ipv4, ipv6 } = firsts.get(plan) ?? firstsOf(plan);
  const low = number.toString(16).padStart(16, '0');
  const plus = (first: Addr): Addr => (typeof first === 'number' ? first + number : first + low);
  const both = (first: Addresses | undefined): Addresses | undefined =>
    first === undefined ? undefined : { twin: plus(first.twin), alias: plus(first.alias) };
  return { ipv4: both(ipv4), ipv6: both(ipv6) };
}

function firstsOf(plan: AddressPlan): Record<Family, Addresses | undefined> {
  const six = prefixesOf(plan, 'ipv6');
  const high = (first: string): string => ipv6ToHex(first).slice(0, 16);
  const found = {
    ipv4: { twin: ipv4ToNumber(plan.twinPrefix), alias: ipv4ToNumber(plan.aliasPrefix) },
    ipv6: six === undefined ? undefined : { twin: high(six.twin), alias: high(six.alias) },
  };
  firsts.set(plan, found);
  return found;
}
