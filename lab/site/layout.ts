import { controlAddress, hostAddress, ipv6Of, serviceAddress } from '../netns/address-plan.js';
import type { LinkQuality, NetnsSpecInput } from '../netns/spec.js';
import type { Topology } from '../../protocol/topology.js';
import { DOMAINS } from '../demo/plan.js';

/** A site as data: which places there are, and at which addresses the parts find one another. Pure. */

/** Where md-manager, sdn-app, its Ryu and the replicator run. */
export const CORE = 'core-services';
/** A domain's vMD hosts share a namespace: every address of the domain's block is its own. */
export const hostsPlace = (domain: string): string => `hosts-${domain}`;
export const carPlace = (index: number): string => `car-${index + 1}`;

export const SITE_PORT = {
  manager: 7001,
  sdn: 7002,
  replicator: 7006,
  agent: 7009,
  elm: 35_000,
  gpsd: 2947,
  openflow: 6653,
  ryu: 8080,
} as const;

/** Of the core services, in the network of cars and hosts. */
export const coreAddress = serviceAddress(0);
/** The same over IPv6, where a site has it. */
export const coreAddress6 = ipv6Of(coreAddress);
/** The same in the controller network: places are numbered services first. */
export const coreControlAddress = controlAddress('place', 1);
export const hostsControlAddress = (domain: string): string =>
  controlAddress('place', DOMAINS.indexOf(domain as (typeof DOMAINS)[number]) + 2);
/** Address 0 of a domain's hosts: host n is n further. */
export const hostsFrom = (domain: string): string =>
  hostAddress(DOMAINS.indexOf(domain as (typeof DOMAINS)[number]), -1);
/** The same over IPv6. */
export const hosts6From = (domain: string): string => ipv6Of(hostsFrom(domain));
/** All addresses of a domain's hosts. */
export const hostsBlock = (domain: string): string => `${hostsFrom(domain)}/20`;

const HOST_PORT = 100;
const TRUNK_PORT = 150;
const SERVICE_PORT = 200;

export interface LayoutOptions {
  readonly cars: number;
  /** Access points, in turn of edge-1 and edge-2. */
  readonly accessPoints: number;
  /** With two, the second carries every access point of edge-2 and the hosts of edge-2. */
  readonly switches: 1 | 2;
  readonly links: Readonly<Record<string, Partial<LinkQuality>>>;
  readonly ipv6: boolean;
  /** `arp`: cars ask for MAC addresses, those of the gateway too, as on a network nobody prepared; absent: they know them. */
  readonly neighbours?: 'static' | 'arp';
  /** Places with so many addresses each, and no agent: whoever opens the site speaks for their vehicles. */
  readonly fleets?: readonly { readonly name: string; readonly count: number }[];
  /** Mobile routers with NAT; cars get behind one by a move to its name. */
  readonly routers?: readonly string[];
  /** What is particular about access points, by their id. */
  readonly points?: Readonly<Record<string, PointOptions>>;
}

export interface PointOptions {
  /** Frames have this tag at the switch. */
  readonly vlan?: number;
  readonly authenticated?: boolean;
  /** Where cars may go from here; absent: where coverage overlaps. */
  readonly neighbours?: readonly string[];
}

/** Access points 600 m apart along a road that runs east, each with 500 m of coverage: neighbours overlap. */
export function layOutSite(options: LayoutOptions): NetnsSpecInput {
  const { cars, links, ipv6, neighbours = 'static', fleets = [], routers = [] } = options;
  return {
    topology: siteTopology(options),
    hosts: DOMAINS.map(domain => ({ name: hostsPlace(domain), domain })),
    services: [CORE],
    cars: [
      ...Array.from({ length: cars }, (_, index) => ({ name: carPlace(index), at: 'ap-1' })),
      ...fleets.map(fleet => ({ ...fleet, at: 'ap-1' })),
    ],
    routers: routers.map(name => ({ name, at: 'ap-1' })),
    neighbours,
    ipv6,
    links,
  };
}

function siteTopology({ accessPoints, switches, points: particular = {} }: LayoutOptions): Topology {
  const points = Array.from({ length: accessPoints }, (_, index) => {
    const id = `ap-${index + 1}`;
    const neighbours = particular[id]?.neighbours;
    return {
      id,
      domain: index % 2 === 0 ? 'edge-1' : 'edge-2',
      latitude: 38,
      longitude: -1 + index * 0.006_84,
      rangeM: 500,
      ...(neighbours === undefined ? {} : { neighbours: [...neighbours] }),
    };
  });
  const access = points.map(({ id, domain }, index) => {
    const { vlan, authenticated } = particular[id] ?? {};
    return {
      port: index + 1,
      role: 'access' as const,
      domain,
      accessPoint: id,
      ...(vlan === undefined ? {} : { vlan }),
      ...(authenticated === undefined ? {} : { authenticated }),
    };
  });
  const hosts = DOMAINS.map((domain, index) => ({ port: HOST_PORT + index, role: 'host' as const, domain }));
  const service = { port: SERVICE_PORT, role: 'service' as const };
  if (switches === 1)
    return {
      domains: [...DOMAINS],
      switches: [{ datapath: 1, ports: [...access, ...hosts, service] }],
      accessPoints: points,
    };
  const second = ({ domain }: { readonly domain: string }): boolean => domain === 'edge-2';
  const trunkTo = (peer: number) => ({ port: TRUNK_PORT, role: 'trunk' as const, peer });
  const first = (port: { readonly domain: string }): boolean => !second(port);
  return {
    domains: [...DOMAINS],
    switches: [
      { datapath: 1, ports: [...access.filter(first), ...hosts.filter(first), service, trunkTo(2)] },
      { datapath: 2, ports: [...access.filter(second), ...hosts.filter(second), trunkTo(1)] },
    ],
    accessPoints: points,
  };
}
