import {
  CONTROL_DEVICE,
  LAN_BRIDGE,
  STATION_DEVICE,
  WIRE,
  portDevice,
  switchPlace,
  type End,
  type Mobile,
  type Station,
  type Wire,
} from './plan.js';
import type { LinkQuality, NetnsSpec } from './spec.js';

/** All wires of a network: pure. */
export const wiresOf = (spec: NetnsSpec, stations: readonly Station[], mobiles: readonly Mobile[]): readonly Wire[] => [
  ...uplinksOf(spec),
  ...trunksOf(spec),
  ...controlWires(spec, stations),
  ...plugsOf(spec, stations, mobiles),
];

/** Between a switch port and the bridge behind it. */
export const isUplink = ({ from, link }: Wire): boolean => link !== undefined && from.bridge?.startsWith('bs') === true;

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
