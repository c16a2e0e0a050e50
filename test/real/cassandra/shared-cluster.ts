import { clusterMissing, openCluster, type ClusterOptions } from '../../../lab/cassandra/cluster.js';
import type { Cluster } from '../../../lab/cassandra/lab-cluster.js';

/**
 * One cluster for every suite of this process that needs nothing particular of it: three datacentres, `batch`, in namespaces where
 * that is possible. Each suite takes keyspaces of its own (`freshPrefix`), and leaves the cluster healed and all nodes running.
 */
const network: NonNullable<ClusterOptions['network']> =
  clusterMissing('namespaces') === undefined ? 'namespaces' : 'loopback';

/** Why there is no cluster here, in words for whoever skips, or `undefined`. `cuts` asks for one whose links can be cut. */
export const sharedClusterMissing = (cuts = false): string | undefined => clusterMissing(cuts ? 'namespaces' : network);

/** A hook that skips where there is no cluster, or none whose links can be cut. */
const needs = (cuts: boolean) =>
  function (this: Mocha.Context): void {
    const missing = sharedClusterMissing(cuts);
    if (missing === undefined) return;
    process.stdout.write(`      skipped: ${missing}\n`);
    this.skip();
  };
export const needsCluster = needs(false);
export const needsCuts = needs(true);

let opening: Promise<Cluster> | undefined;
let prefixes = 0;

export const DATACENTRES = ['edge-1', 'edge-2', 'core'] as const;

/** Of the one node whose disk can be filled. */
const DISK_MB = 512;

export function sharedCluster(): Promise<Cluster> {
  opening ??= openCluster({
    datacentres: DATACENTRES,
    network,
    // No window for hints of its own: nodes may be away for minutes where a start takes long, and what is to be healed by
    // repair alone turns hints off.
    ...(network === 'namespaces' ? { disksMb: { 'edge-2': DISK_MB } } : {}),
  });
  return opening;
}

/** For keyspaces that no other suite has. */
export const freshPrefix = (): string => `t${process.pid}_${prefixes++}`;

after('the shared cluster', async function () {
  this.timeout(30_000);
  await (await opening)?.[Symbol.asyncDispose]();
});
