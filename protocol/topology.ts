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
  }
  if (faults.length > 0) throw fault('TOPOLOGY_INVALID', faults.join('; '));
  return topology;
}

/** The port by which hosts of a domain are reached on a switch. */
export function hostPortOf(topology: Topology, datapath: number, domainName: string): number | undefined {
  const ports = topology.switches.find(sw => sw.datapath === datapath)?.ports ?? [];
  return ports.find(port => port.role === 'host' && port.domain === domainName)?.port;
}
