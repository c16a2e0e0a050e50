import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { delay } from '../../common/clock.js';
import { codeOf } from '../../common/errors.js';
import { Resources } from '../../common/lifecycle.js';
import { fault } from '../../protocol/errors.js';
import { openAdministrator, type Login } from './administrator.js';
import { readPems, type ClientKeys } from './cql-probe.js';
import { cassandraMissing, ensureJars } from './jars.js';
import { openKeys } from './keys.js';
import { claimNetwork, loopbackPlaces } from './loopback-places.js';
import { namespacesMissing, openNamespacePlaces } from './namespace-places.js';
import type { CommitlogSync } from './node-config.js';
import { LabNode, type CassandraNode } from './node.js';
import { openSmallDisk } from './small-disk.js';
import { clusterPrefix, sweepClusters } from './sweep.js';

export interface ClusterOptions {
  /** One node each; a datacentre has the name of its domain. */
  readonly datacentres: readonly string[];
  /**
   * For data, keys and logs. One that has a cluster's data goes on with it, at the same addresses. Absent: a temporary one,
   * removed at the end.
   */
  readonly folder?: string;
  /** `loopback`: no root. `namespaces`: a network namespace for each node, so that links can be cut; needs root. */
  readonly network?: 'loopback' | 'namespaces';
  readonly commitlogSync?: CommitlogSync;
  /** To clients, who need a certificate as well, and between nodes. */
  readonly tls?: boolean;
  /** Clients log in, and have rights by roles. */
  readonly password?: boolean;
  /** How long a node keeps what another one misses; after that only repair heals. Cassandra's own default is three hours. */
  readonly hintWindowMs?: number;
  /** Nodes whose data lie on a file system of so many megabytes; needs root. */
  readonly disksMb?: Readonly<Record<string, number>>;
  readonly heapMb?: number;
  /** More of cassandra.yaml, by its own names. */
  readonly yaml?: Readonly<Record<string, unknown>>;
}

/** A real Cassandra cluster on this machine, of one node in each datacentre; several may run at once. */
export interface Cluster extends AsyncDisposable {
  readonly folder: string;
  readonly datacentres: readonly string[];
  readonly nodes: readonly CassandraNode[];
  /** With `tls`: PEM files for clients. */
  readonly tls: ClientKeys | undefined;
  /** With `password`: a superuser. */
  readonly admin: Login | undefined;
  node(domain: string): CassandraNode;
  /** With `namespaces`: no packet passes between two nodes, either way, until healed. */
  cut(a: string, b: string): Promise<void>;
  heal(a: string, b: string): Promise<void>;
  /** The same between one node and every other. */
  cutOff(domain: string): Promise<void>;
  rejoin(domain: string): Promise<void>;
  /** Resolves once all nodes that run, and are not cut from one another, know that, and have one schema. */
  settled(timeoutMs?: number): Promise<void>;
}

const HEAP_MB = 256;
const HINT_WINDOW_MS = 3 * 3_600_000;
const SETTLED_MS = 60_000;
const POLL_MS = 200;
const FILE = 'cluster.json';

/** Why no cluster can run here, in words, or `undefined` where one can. */
export const clusterMissing = (network: ClusterOptions['network'] = 'loopback'): string | undefined =>
  cassandraMissing() ?? (network === 'namespaces' ? namespacesMissing() : undefined);

/** Starts a cluster and resolves once every node answers CQL and all agree on the schema (12 s for three on two cores). */
export async function openCluster(options: ClusterOptions): Promise<Cluster> {
  const missing = clusterMissing(options.network);
  if (missing !== undefined) throw fault('LAB_FAILED', missing);
  const resources = new Resources();
  try {
    const jars = await ensureJars();
    const folder = await openFolder(options.folder, resources);
    const { network, claim } = await claimNetwork(await networkOf(folder));
    resources.defer(() => new Promise(resolve => claim.close(() => resolve())));
    await writeFile(join(folder, FILE), JSON.stringify({ network }));
    const cluster = await build(options, folder, network, jars, resources);
    await Promise.all(cluster.labNodes.map(node => node.start()));
    await cluster.settled();
    if (options.password === true) await cluster.openAdministrator();
    return cluster;
  } catch (error) {
    await resources[Symbol.asyncDispose]();
    throw error;
  }
}

async function build(
  options: ClusterOptions,
  folder: string,
  network: number,
  jars: string,
  resources: Resources,
): Promise<LabCluster> {
  const { datacentres } = options;
  const places = resources.use(
    options.network === 'namespaces'
      ? await openNamespacePlaces(datacentres, network)
      : loopbackPlaces(datacentres, network),
  );
  const keys =
    options.tls === true
      ? await openKeys(join(folder, 'keys'), datacentres, domain => [
          ...new Set([places.addressOf(domain), places.contactAddressOf(domain)]),
        ])
      : undefined;
  const clientKeys = keys && (await readPems(keys.client));
  const nodes: LabNode[] = [];
  const cluster = new LabCluster(
    { folder, datacentres, nodes, tls: keys?.client, cut: places.cut.bind(places), heal: places.heal.bind(places) },
    resources,
  );
  for (const [index, domain] of datacentres.entries()) {
    const own = join(folder, domain);
    const sizeMb = options.disksMb?.[domain];
    const disk = sizeMb === undefined ? undefined : resources.use(await openSmallDisk(join(own, 'disk'), sizeMb));
    const node = new LabNode({
      plan: {
        cluster: `edgetwin-${network}`,
        domain,
        nodes: datacentres.length,
        index,
        address: places.addressOf(domain),
        seeds: datacentres.map(one => places.addressOf(one)),
        rpcAddress: places.rpcAddressOf(domain),
        contactAddress: places.contactAddressOf(domain),
        folder: own,
        dataFolder: disk === undefined ? join(own, 'data') : join(own, 'disk'),
        commitlogSync: options.commitlogSync ?? 'batch',
        hintWindowMs: options.hintWindowMs ?? HINT_WINDOW_MS,
        password: options.password ?? false,
        tls: keys && { keystore: keys.keystoreOf(domain), truststore: keys.truststore, password: keys.password },
        more: options.yaml ?? {},
      },
      places,
      jars,
      heapMb: options.heapMb ?? HEAP_MB,
      disk,
      keys: clientKeys,
      settled: () => cluster.settled(),
    });
    nodes.push(node);
    resources.defer(() => node.kill());
  }
  return cluster;
}

interface ClusterParts {
  readonly folder: string;
  readonly datacentres: readonly string[];
  readonly nodes: readonly LabNode[];
  readonly tls: ClientKeys | undefined;
  cut(a: string, b: string): Promise<void>;
  heal(a: string, b: string): Promise<void>;
}

class LabCluster implements Cluster {
  readonly #parts: ClusterParts;
  readonly #resources: Resources;
  readonly #cuts = new Set<string>();
  #admin: Login | undefined;

  constructor(parts: ClusterParts, resources: Resources) {
    this.#parts = parts;
    this.#resources = resources;
  }

  get folder(): string {
    return this.#parts.folder;
  }

  get datacentres(): readonly string[] {
    return this.#parts.datacentres;
  }

  get nodes(): readonly CassandraNode[] {
    return this.#parts.nodes;
  }

  get labNodes(): readonly LabNode[] {
    return this.#parts.nodes;
  }

  get tls(): ClientKeys | undefined {
    return this.#parts.tls;
  }

  get admin(): Login | undefined {
    return this.#admin;
  }

  node(domain: string): LabNode {
    const found = this.#parts.nodes.find(node => node.domain === domain);
    if (found === undefined) throw fault('LAB_FAILED', `there is no node of '${domain}'`);
    return found;
  }

  async cut(a: string, b: string): Promise<void> {
    await this.#parts.cut(this.node(a).domain, this.node(b).domain);
    this.#cuts.add(pair(a, b));
  }

  async heal(a: string, b: string): Promise<void> {
    await this.#parts.heal(this.node(a).domain, this.node(b).domain);
    this.#cuts.delete(pair(a, b));
  }

  async cutOff(domain: string): Promise<void> {
    await Promise.all(this.#others(domain).map(other => this.cut(domain, other)));
  }

  async rejoin(domain: string): Promise<void> {
    await Promise.all(this.#others(domain).map(other => this.heal(domain, other)));
  }

  async settled(timeoutMs = SETTLED_MS): Promise<void> {
    const running = this.#parts.nodes.filter(({ state }) => state === 'running');
    const endMs = performance.now() + timeoutMs;
    await Promise.all(
      running.map(async node => {
        const reachable = running.filter(other => !this.#cuts.has(pair(node.domain, other.domain)));
        while (!(await node.agreesWith(reachable.map(({ address }) => address)))) {
          if (performance.now() > endMs)
            throw fault('LAB_FAILED', `the node of ${node.domain} does not see all others`);
          await delay(POLL_MS);
        }
      }),
    );
  }

  async openAdministrator(): Promise<void> {
    const [first] = this.#parts.nodes;
    if (first === undefined) throw fault('LAB_FAILED', 'a cluster has at least one node');
    this.#admin = await openAdministrator(this.folder, first, this.datacentres, this.tls);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources[Symbol.asyncDispose]();
  }

  #others(domain: string): readonly string[] {
    return this.datacentres.filter(one => one !== domain);
  }
}

const pair = (a: string, b: string): string => [a, b].sort().join(' ');

async function openFolder(wanted: string | undefined, resources: Resources): Promise<string> {
  sweepClusters();
  if (wanted !== undefined) {
    await mkdir(wanted, { recursive: true });
    return wanted;
  }
  const folder = await mkdtemp(join(tmpdir(), clusterPrefix()));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Where the cluster of a folder was made: nodes know one another by their addresses. */
async function networkOf(folder: string): Promise<number | undefined> {
  try {
    const { network } = JSON.parse(await readFile(join(folder, FILE), 'utf8')) as { network: number };
    return network;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
