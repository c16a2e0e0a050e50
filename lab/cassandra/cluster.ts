import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { codeOf } from '../../common/errors.js';
import { Resources, aborted } from '../../common/lifecycle.js';
import { fault } from '../../protocol/errors.js';
import { findArchive } from './class-archive.js';
import { readPems } from './cql-probe.js';
import { cassandraMissing, ensureJars } from './jars.js';
import { openKeys } from './keys.js';
import { claimNetwork, loopbackPlaces } from './loopback-places.js';
import { namespacesMissing, openNamespacePlaces } from './namespace-places.js';
import { LabCluster, type Cluster } from './lab-cluster.js';
import type { ClassArchive, CommitlogSync } from './node-config.js';
import { LabNode } from './node.js';
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
  /** Absent: the one of the jars, where it was made. */
  readonly archive?: ClassArchive;
  /** Gives up starting. */
  readonly signal?: AbortSignal;
  /** More of cassandra.yaml, by its own names. */
  readonly yaml?: Readonly<Record<string, unknown>>;
}

const HEAP_MB = 256;
const HINT_WINDOW_MS = 3 * 3_600_000;
const FILE = 'cluster.json';

/** Why no cluster can run here, in words, or `undefined` where one can. */
export const clusterMissing = (network: ClusterOptions['network'] = 'loopback'): string | undefined =>
  cassandraMissing() ?? (network === 'namespaces' ? namespacesMissing() : undefined);

/** Starts a cluster and resolves once every node answers CQL and all agree on the schema (12 s for three on two cores, 6 s with an archive of classes). */
export async function openCluster(options: ClusterOptions): Promise<Cluster> {
  const missing = clusterMissing(options.network);
  if (missing !== undefined) throw fault('LAB_FAILED', missing);
  const resources = new Resources();
  try {
    const jars = await ensureJars(options.signal);
    const folder = await openFolder(options.folder, resources);
    const { network, claim } = await claimNetwork(await networkOf(folder));
    resources.defer(() => new Promise(resolve => claim.close(() => resolve())));
    await writeFile(join(folder, FILE), JSON.stringify({ network }));
    const cluster = await build(options, folder, network, jars, resources);
    await unlessAborted(cluster.start(options.password ?? false), options.signal);
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
      archive: options.archive ?? findArchive(jars),
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

/** The promise's end, or the signal's reason as soon as it is aborted. */
function unlessAborted(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return promise;
  return Promise.race([promise, aborted(signal).then(() => Promise.reject(signal.reason as Error))]);
}

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
