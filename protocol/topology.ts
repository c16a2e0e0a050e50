import { z } from 'zod';
import { fault } from './errors.js';

/** The network as data: domains, switches with the role of each port, access points. */
const domain = z.string().regex(/^[a-z0-9-]{1,32}$/);

export const portSchema = z.discriminatedUnion('role', [
  z.strictObject({
    port: z.int().min(1).max(2047),
    role: z.literal('access'),
    domain,
    accessPoint: z.string().min(1),
    vlan: z.int().min(1).max(4094).optional(),
    /**
     * The port lets nobody in but stations that it has authenticated, and each with its own MAC address only (802.1X with
     * the address bound to the identity, SIM). `network.trust: access` believes such ports, and no other.
     */
    authenticated: z.boolean().optional(),
  }),
  z.strictObject({ port: z.int().min(1).max(2047), role: z.literal('host'), domain }),
  z.strictObject({ port: z.int().min(1).max(2047), role: z.literal('trunk'), peer: z.int().min(1).max(15) }),
  z.strictObject({ port: z.int().min(1).max(2047), role: z.literal('service') }),
]);

export const accessPointSchema = z.strictObject({
  id: z.string().min(1),
  domain,
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
  /** Radius of its coverage in metres. */
  rangeM: z.number().positive(),
  /** Access points that a car may go to from here; absent: those whose coverage overlaps. */
  neighbours: z.array(z.string()).optional(),
});

export const topologySchema = z.strictObject({
  domains: z.array(domain).min(1),
  switches: z.array(z.strictObject({ datapath: z.int().min(1).max(15), ports: z.array(portSchema) })).min(1),
  accessPoints: z.array(accessPointSchema),
});

export type Port = z.infer<typeof portSchema>;
export type AccessPoint = z.infer<typeof accessPointSchema>;
export type Topology = z.infer<typeof topologySchema>;

/** Checks a topology as read from YAML or JSON; TOPOLOGY_INVALID names every fault at once. */
export function parseTopology(tree: unknown): Topology {
  const found = topologySchema.safeParse(tree);
  if (!found.success) throw fault('TOPOLOGY_INVALID', z.prettifyError(found.error).replaceAll('\n', ' '));
  const topology = found.data;
  const faults: string[] = [];
  const access = new Set<string>();
  for (const { datapath, ports } of topology.switches) {
    const seen = new Set<number>();
    for (const port of ports) {
      if (seen.has(port.port)) faults.push(`switch ${datapath} has port ${port.port} twice`);
      seen.add(port.port);
      if ('domain' in port && !topology.domains.includes(port.domain))
        faults.push(`port ${port.port} names the unknown domain ${port.domain}`);
      if (port.role === 'access') access.add(port.accessPoint);
    }
  }
  for (const ap of topology.accessPoints) {
    if (!topology.domains.includes(ap.domain))
      faults.push(`access point ${ap.id} names the unknown domain ${ap.domain}`);
    if (!access.has(ap.id)) faults.push(`access point ${ap.id} is on no port`);
    for (const id of ap.neighbours ?? [])
      if (!topology.accessPoints.some(other => other.id === id))
        faults.push(`access point ${ap.id} names the unknown neighbour ${id}`);
  }
  faults.push(...faultsOfTrunks(topology));
  if (faults.length > 0) throw fault('TOPOLOGY_INVALID', faults.join('; '));
  return topology;
}

/** The port by which hosts of a domain are reached on a switch. */
export function hostPortOf(topology: Topology, datapath: number, domainName: string): number | undefined {
  const ports = topology.switches.find(sw => sw.datapath === datapath)?.ports ?? [];
  return ports.find(port => port.role === 'host' && port.domain === domainName)?.port;
}

function faultsOfTrunks({ switches }: Topology): string[] {
  return switches.flatMap(({ datapath, ports }) => {
    const peers = ports.flatMap(port => (port.role === 'trunk' ? [port.peer] : []));
    return peers.flatMap((peer, at) => {
      if (peers.indexOf(peer) !== at) return [`switch ${datapath} has two trunks to switch ${peer}`];
      const other = switches.find(row => row.datapath === peer && peer !== datapath);
      const back = other?.ports.some(port => port.role === 'trunk' && port.peer === datapath) ?? false;
      return back ? [] : [`the trunk of switch ${datapath} to switch ${peer} has no other end`];
    });
  });
}

/** The port of `datapath` on the shortest way to another one that `is` it; `undefined` where none can be reached. */
function trunkTo(topology: Topology, datapath: number, is: (datapath: number) => boolean): number | undefined {
  const seen = new Set([datapath]);
  const queue: { readonly at: number; readonly by?: number }[] = [{ at: datapath }];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { at, by } = next;
    if (by !== undefined && is(at)) return by;
    for (const port of topology.switches.find(row => row.datapath === at)?.ports ?? []) {
      if (port.role !== 'trunk' || seen.has(port.peer)) continue;
      seen.add(port.peer);
      queue.push({ at: port.peer, by: by ?? port.port });
    }
  }
  return undefined;
}

/** The trunk of one switch that leads to another, over others where it must. */
export const trunkTowards = (topology: Topology, datapath: number, other: number): number | undefined =>
  trunkTo(topology, datapath, at => at === other);

/** The port by which hosts of a domain are reached from a switch: their own, or the trunk towards the nearest that has one. */
export const portTowards = (topology: Topology, datapath: number, domainName: string): number | undefined =>
  hostPortOf(topology, datapath, domainName) ??
  trunkTo(topology, datapath, at => hostPortOf(topology, at, domainName) !== undefined);

/** The number of a trunk's port at the switch on its other end. */
export function otherEnd(topology: Topology, datapath: number, trunk: number): number | undefined {
  const portsAt = (at: number): readonly Port[] => topology.switches.find(sw => sw.datapath === at)?.ports ?? [];
  const here = portsAt(datapath).find(port => port.port === trunk);
  return here?.role === 'trunk'
    ? portsAt(here.peer).find(port => port.role === 'trunk' && port.peer === datapath)?.port
    : undefined;
}

/** The VLAN whose tag frames carry at an access port. */
export function vlanOf(topology: Topology, datapath: number, portNumber: number): number | undefined {
  const ports = topology.switches.find(sw => sw.datapath === datapath)?.ports ?? [];
  const found = ports.find(port => port.port === portNumber);
  return found?.role === 'access' ? found.vlan : undefined;
}
