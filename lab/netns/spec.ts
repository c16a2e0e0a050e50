import { readFileSync } from 'node:fs';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { messageOf } from '../../common/errors.js';
import { fault } from '../../protocol/errors.js';
import { parseTopology, topologySchema, type Topology } from '../../protocol/topology.js';

/**
 * A network of namespaces as data: the topology that sdn-app and md-manager read, and what is plugged into it. Every place
 * (car, router, vMD host, service, switch) is a network namespace of its own.
 */
const place = z.string().regex(/^[a-z0-9-]{1,32}$/);

const linkSchema = z.strictObject({
  /** One way. */
  delayMs: z.number().min(0).max(10_000).default(0),
  /** Share of frames that are lost. */
  loss: z.number().min(0).max(1).default(0),
  /** Share of frames that come twice. */
  doubled: z.number().min(0).max(1).optional(),
});

const specSchema = z.strictObject({
  topology: topologySchema,
  /** vMD hosts. All of one domain are behind one switch port. */
  hosts: z.array(z.strictObject({ name: place, domain: z.string() })).default([]),
  /** Core services, at the switch's service port and in the controller network. */
  services: z.array(place).default([]),
  cars: z
    .array(
      z.strictObject({
        name: place,
        /** Access point or router that it begins at. */
        at: z.string(),
        /** So many source addresses in one namespace, each of which moves by itself: a fleet for storms. */
        count: z.int().min(1).max(10_000).default(1),
      }),
    )
    .default([]),
  /** Mobile routers with NAT: cars behind one appear with its MAC and IP address. They move like cars. */
  routers: z.array(z.strictObject({ name: place, at: z.string() })).default([]),
  /** `static`: every place knows the MAC addresses of the others. `arp`: it asks. */
  neighbours: z.enum(['static', 'arp']).default('static'),
  /** Without it IPv6 is off everywhere: its solicitations look like moves. */
  ipv6: z.boolean().default(false),
  /**
   * Links with delay or loss, by name: `access:AP`, `hosts:DATAPATH:DOMAIN`, `service:DATAPATH`, `trunk:LOW-HIGH`,
   * `control:DATAPATH` (the controller's distance; one way). Only links that are named here can be changed later.
   */
  links: z.record(z.string(), linkSchema).default({}),
});

export type NetnsSpecInput = z.input<typeof specSchema>;
export type NetnsSpec = z.output<typeof specSchema>;
export type LinkQuality = z.output<typeof linkSchema>;

/** Checks a spec as written or read from a file; TOPOLOGY_INVALID names every fault at once. */
export function parseNetnsSpec(tree: unknown): NetnsSpec {
  const found = specSchema.safeParse(tree);
  if (!found.success) throw fault('TOPOLOGY_INVALID', z.prettifyError(found.error).replaceAll('\n', ' '));
  const spec = found.data;
  parseTopology(spec.topology);
  const faults = [...placeFaults(spec), ...portFaults(spec)];
  if (faults.length > 0) throw fault('TOPOLOGY_INVALID', faults.join('; '));
  return spec;
}

/** Reads a spec from a YAML or JSON file. */
export function readNetnsSpec(file: string): NetnsSpec {
  let tree: unknown;
  try {
    tree = parseYaml(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw fault('TOPOLOGY_INVALID', `${file}: ${messageOf(cause)}`, { cause });
  }
  return parseNetnsSpec(tree);
}

/** What sdn-app and md-manager are started with for this network. */
export const topologyOf = (spec: Pick<NetnsSpec, 'topology'>): Topology => spec.topology;

/** Names of the links between a switch and what is plugged into it. */
export function linkNames(spec: Pick<NetnsSpec, 'topology'>): readonly string[] {
  return spec.topology.switches.flatMap(({ datapath, ports }) => [
    `control:${datapath}`,
    ...ports.flatMap(port => {
      if (port.role === 'access') return [`access:${port.accessPoint}`];
      if (port.role === 'host') return [`hosts:${datapath}:${port.domain}`];
      if (port.role === 'service') return [`service:${datapath}`];
      return datapath < port.peer ? [`trunk:${datapath}-${port.peer}`] : [];
    }),
  ]);
}

function placeFaults(spec: NetnsSpec): string[] {
  const faults: string[] = [];
  const seen = new Set(['wire', ...spec.topology.switches.map(({ datapath }) => `sw-${datapath}`)]);
  for (const name of [...spec.hosts, ...spec.cars, ...spec.routers].map(one => one.name).concat(spec.services)) {
    if (seen.has(name)) faults.push(`two places are called ${name}`);
    seen.add(name);
  }
  const accessPoints = spec.topology.switches.flatMap(({ ports }) =>
    ports.flatMap(port => (port.role === 'access' ? [port.accessPoint] : [])),
  );
  const routers = spec.routers.map(router => router.name);
  for (const { name, at } of spec.routers)
    if (!accessPoints.includes(at)) faults.push(`router ${name} is at the unknown access point ${at}`);
  for (const { name, at, count } of spec.cars) {
    if (![...accessPoints, ...routers].includes(at)) faults.push(`car ${name} is at the unknown ${at}`);
    if (count > 1 && routers.length > 0) faults.push(`car ${name}: a fleet cannot be where there are routers`);
  }
  return faults;
}

function portFaults({ topology, hosts, services, links }: NetnsSpec): string[] {
  const faults: string[] = [];
  const all = topology.switches.flatMap(({ datapath, ports }) => ports.map(port => ({ datapath, port })));
  const accessPoints = all.flatMap(({ port }) => (port.role === 'access' ? [port.accessPoint] : []));
  for (const id of new Set(accessPoints.filter((name, index) => accessPoints.indexOf(name) !== index)))
    faults.push(`access point ${id} is on two ports`);
  for (const { name, domain } of hosts)
    if (!all.some(({ port }) => port.role === 'host' && port.domain === domain))
      faults.push(`host ${name}: no switch has a host port of ${domain}`);
  if (services.length > 0 && !all.some(({ port }) => port.role === 'service'))
    faults.push('there are services, but no service port');
  const known = linkNames({ topology });
  for (const name of Object.keys(links)) if (!known.includes(name)) faults.push(`there is no link ${name}`);
  return faults;
}
