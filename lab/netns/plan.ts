import {
  carAddress,
  controlAddress,
  hostAddress,
  lanAddress,
  macOf,
  routerAddress,
  serviceAddress,
} from './address-plan.js';
import type { LinkQuality, NetnsSpec } from './spec.js';

/** A spec as namespaces, bridges and wires: pure. Device names are at most 15 characters, the kernel's limit. */

/** The namespace of bridges and relays between places. */
export const WIRE = 'wire';
export const switchPlace = (datapath: number): string => `sw-${datapath}`;
/** The device of a switch port; cars and routers call their device at an access point the same. */
export const portDevice = (datapath: number, port: number): string => `s${datapath}p${port}`;

export interface End {
  readonly place: string;
  readonly device: string;
  /** Bridge that it is a port of. */
  readonly bridge?: string;
  readonly mac?: string;
}

/** Two devices, frames in at one come out at the other. */
export interface Wire {
  /** Of a link that can be cut; those with a quality can be changed, too. */
  readonly link?: string;
  readonly from: End;
  readonly to: End;
  readonly quality?: LinkQuality;
  /** Frames carry this tag at `to` and none at `from`. */
  readonly vlan?: number;
}

/** Where a car or router can be: an access point, or behind a router. */
export interface Attachment {
  readonly name: string;
  readonly device: string;
  readonly behind?: { readonly gateway: string; readonly network: string; readonly source: string };
}

/** A car or a mobile router: the same MAC and IP address on a device for each attachment, one of which has its routes. */
export interface Mobile {
  readonly name: string;
  readonly kind: 'car' | 'router';
  readonly mac: string;
  /** More than one in a fleet. */
  readonly addresses: readonly string[];
  readonly at: string;
  readonly attachments: readonly Attachment[];
  /** Of a router: its address on the side of the cars. */
  readonly lan?: string;
}

/** A vMD host or a service: stands still. */
export interface Station {
  readonly name: string;
  readonly kind: 'host' | 'service';
  readonly mac: string;
  readonly address: string;
  readonly controlAddress: string;
  readonly domain?: string;
}

export interface SwitchPlan {
  readonly datapath: number;
  readonly place: string;
  readonly controlAddress: string;
  readonly ports: readonly { readonly port: number; readonly device: string }[];
}

export interface Plan {
  readonly places: readonly string[];
  readonly bridges: readonly { readonly place: string; readonly device: string }[];
  readonly wires: readonly Wire[];
  readonly mobiles: readonly Mobile[];
  readonly stations: readonly Station[];
  readonly switches: readonly SwitchPlan[];
}

export const CONTROL_DEVICE = 'ctl';
export const STATION_DEVICE = 'data';
export const LAN_BRIDGE = 'lan';

export function planOf(spec: NetnsSpec): Plan {
  const switches = spec.topology.switches.map(({ datapath, ports }) => ({
    datapath,
    place: switchPlace(datapath),
    controlAddress: controlAddress('switch', datapath),
    ports: ports.map(({ port }) => ({ port, device: portDevice(datapath, port) })),
  }));
  const stations = stationsOf(spec);
  const mobiles = mobilesOf(spec);
  const uplinks = uplinksOf(spec);
  return {
    places: [
      WIRE,
      ...[...switches.map(one => one.place), ...stations.map(one => one.name)],
      ...mobiles.map(m => m.name),
    ],
    bridges: [
      { place: WIRE, device: CONTROL_DEVICE },
      ...uplinks.map(({ from }) => ({ place: WIRE, device: from.bridge ?? '' })),
      ...spec.routers.map(({ name }) => ({ place: name, device: LAN_BRIDGE })),
    ],
    wires: [...uplinks, ...trunksOf(spec), ...controlWires(spec, stations), ...plugsOf(spec, stations, mobiles)],
    mobiles,
    stations,
    switches,
  };
}

function stationsOf({ topology, hosts, services }: NetnsSpec): Station[] {
  const nth = new Map<string, number>();
  return [
    ...services.map((name, index) => ({
      name,
      kind: 'service' as const,
      mac: macOf('service', index),
      address: serviceAddress(index),
      controlAddress: controlAddress('place', index + 1),
    })),
    ...hosts.map(({ name, domain }, index) => {
      const inDomain = nth.get(domain) ?? 0;
      nth.set(domain, inDomain + 1);
      return {
        name,
        kind: 'host' as const,
        mac: macOf('host', index),
        address: hostAddress(topology.domains.indexOf(domain), inDomain),
        controlAddress: controlAddress('place', services.length + index + 1),
        domain,
      };
    }),
  ];
}

function mobilesOf({ topology, cars, routers }: NetnsSpec): Mobile[] {
  const access = topology.switches.flatMap(({ datapath, ports }) =>
    ports.flatMap(port =>
      port.role === 'access' ? [{ name: port.accessPoint, device: portDevice(datapath, port.port) }] : [],
    ),
  );
  let used = 0;
  const takeAddresses = (count: number): string[] => Array.from({ length: count }, () => carAddress(used++));
  return [
    ...routers.map(({ name, at }, index) => ({
      name,
      kind: 'router' as const,
      mac: macOf('router', index),
      addresses: [routerAddress(index)],
      at,
      attachments: access,
      lan: lanAddress(index, 0),
    })),
    ...cars.map(({ name, at, count }, index) => ({
      name,
      kind: 'car' as const,
      mac: macOf('car', index),
      addresses: takeAddresses(count),
      at,
      attachments: [
        ...access,
        ...routers.map((router, k) => ({
          name: router.name,
          device: `r${k}`,
          behind: {
            gateway: lanAddress(k, 0),
            network: `${lanAddress(k, -1)}/24`,
            source: lanAddress(k, index + 1),
          },
        })),
      ],
    })),
  ];
}

/** Between a port and the bridge of all that is plugged in there. */
function uplinksOf({ topology, links }: NetnsSpec): Wire[] {
  return topology.switches.flatMap(({ datapath, ports }) =>
    ports.flatMap(port => {
      if (port.role === 'trunk') return [];
      const device = portDevice(datapath, port.port);
      const link =
        port.role === 'access'
          ? `access:${port.accessPoint}`
          : port.role === 'host'
            ? `hosts:${datapath}:${port.domain}`
            : `service:${datapath}`;
      return [
        {
          link,
          from: { place: WIRE, device: `u${device}`, bridge: `b${device}` },
          to: { place: switchPlace(datapath), device },
          ...qualityOf(links, link),
          ...(port.role === 'access' && port.vlan !== undefined ? { vlan: port.vlan } : {}),
        },
      ];
    }),
  );
}

function trunksOf({ topology, links }: NetnsSpec): Wire[] {
  const end = (datapath: number, peer: number): End => {
    const ports = topology.switches.find(one => one.datapath === datapath)?.ports ?? [];
    const port = ports.find(one => one.role === 'trunk' && one.peer === peer)?.port ?? 0;
    return { place: switchPlace(datapath), device: portDevice(datapath, port) };
  };
  return topology.switches.flatMap(({ datapath, ports }) =>
    ports.flatMap(port => {
      if (port.role !== 'trunk' || port.peer < datapath) return [];
      const link = `trunk:${datapath}-${port.peer}`;
      return [{ link, from: end(datapath, port.peer), to: end(port.peer, datapath), ...qualityOf(links, link) }];
    }),
  );
}

/** Switches, hosts and services in one network of their own. */
function controlWires({ topology, links }: NetnsSpec, stations: readonly Station[]): Wire[] {
  const bridge = CONTROL_DEVICE;
  return [
    ...topology.switches.map(({ datapath }) => {
      const link = `control:${datapath}`;
      return {
        link,
        from: { place: WIRE, device: `ks${datapath}`, bridge },
        to: { place: switchPlace(datapath), device: CONTROL_DEVICE },
        ...qualityOf(links, link),
      };
    }),
    ...stations.map(({ name }, index) => ({
      from: { place: WIRE, device: `k${index}`, bridge },
      to: { place: name, device: CONTROL_DEVICE },
    })),
  ];
}

/** From everything that is plugged in to the bridge at its port. */
function plugsOf(spec: NetnsSpec, stations: readonly Station[], mobiles: readonly Mobile[]): Wire[] {
  const bridgeOf = (wanted: (port: { role: string; domain?: string }) => boolean): string => {
    for (const { datapath, ports } of spec.topology.switches)
      for (const port of ports) if (wanted(port)) return `b${portDevice(datapath, port.port)}`;
    return '';
  };
  return [
    ...stations.map(({ name, kind, mac, domain }, index) => ({
      from: {
        place: WIRE,
        device: `h${index}`,
        bridge: bridgeOf(port => port.role === kind && (kind === 'service' || port.domain === domain)),
      },
      to: { place: name, device: STATION_DEVICE, mac },
    })),
    ...mobiles.flatMap(({ name, mac, attachments }, index) =>
      attachments.map(attachment => ({
        from:
          attachment.behind === undefined
            ? { place: WIRE, device: `c${index}${attachment.device}`, bridge: `b${attachment.device}` }
            : { place: attachment.name, device: `c${index}`, bridge: LAN_BRIDGE },
        to: { place: name, device: attachment.device, mac },
      })),
    ),
  ];
}

const qualityOf = (links: NetnsSpec['links'], name: string): { readonly quality?: LinkQuality } =>
  links[name] === undefined ? {} : { quality: links[name] };
