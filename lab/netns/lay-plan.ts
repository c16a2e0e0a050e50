import {
  carAddress,
  controlAddress,
  hostAddress,
  hostMacOf,
  lanAddress,
  macOf,
  routerAddress,
  serviceAddress,
} from './address-plan.js';
import {
  CONTROL_DEVICE,
  LAN_BRIDGE,
  WIRE,
  portDevice,
  switchPlace,
  type Mobile,
  type Plan,
  type Station,
} from './plan.js';
import type { NetnsSpec } from './spec.js';
import { isUplink, wiresOf } from './wires.js';

/** Turns a spec into a plan: pure, so that the same spec is the same network in every run. */
export function planOf(spec: NetnsSpec): Plan {
  const switches = spec.topology.switches.map(({ datapath, ports }) => ({
    datapath,
    place: switchPlace(datapath),
    controlAddress: controlAddress('switch', datapath),
    ports: ports.map(({ port }) => ({ port, device: portDevice(datapath, port) })),
  }));
  const stations = stationsOf(spec);
  const mobiles = mobilesOf(spec);
  const wires = wiresOf(spec, stations, mobiles);
  return {
    places: [
      WIRE,
      ...[...switches.map(one => one.place), ...stations.map(one => one.name)],
      ...mobiles.map(m => m.name),
    ],
    bridges: [
      { place: WIRE, device: CONTROL_DEVICE },
      ...wires.filter(isUplink).map(({ from }) => ({ place: WIRE, device: from.bridge ?? '' })),
      ...spec.routers.map(({ name }) => ({ place: name, device: LAN_BRIDGE })),
    ],
    wires,
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
      const address = hostAddress(topology.domains.indexOf(domain), inDomain);
      return {
        name,
        kind: 'host' as const,
        mac: hostMacOf(address),
        address,
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
