import { join } from 'node:path';
import type { Cluster } from '../cassandra/lab-cluster.js';
import { DOMAINS, controlStoreOf, storeOf, type CassandraPlan, type Plan } from './plan.js';

/** How the demo's parts find a lab cluster. */
export const planOfCluster = ({ nodes }: Cluster, keyspace = 'edgetwin'): CassandraPlan => ({
  contactPoints: new Map(nodes.map(node => [node.domain, node.contactPoint])),
  keyspace,
});

type Stored = Pick<Plan, 'data'> & Partial<Pick<Plan, 'cassandra'>>;

/** How a command that knows the whole system finds the cluster, and flags of `edgetwin store`. */
export function clusterWords({ contactPoints, keyspace }: CassandraPlan): string[] {
  const points = [...contactPoints].map(([domain, address]) => `${domain}=${address}`);
  const words = ['--store-kind', 'cassandra', '--cassandra-contact-points', points.join(',')];
  return [...words, '--cassandra-keyspace', keyspace];
}

/** Flags of md-manager: where the control store is, and the twin stores of the hosts that it starts. */
export const managerStoreWords = ({ data, cassandra }: Stored): string[] =>
  cassandra === undefined
    ? ['--control-store', controlStoreOf(data), '--store-root', join(data, 'store')]
    : clusterWords(cassandra);

/** Flags of `edgetwin md-manager sweep`. */
export const sweepStoreWords = ({ data, cassandra }: Stored): string[] =>
  cassandra === undefined ? ['--control-store', controlStoreOf(data)] : clusterWords(cassandra);

/** Flags of a part that reads the twin store of a domain. */
export const twinStoreWords = ({ data, cassandra }: Stored, domain: string): string[] =>
  cassandra === undefined ? ['--store', storeOf(data, domain)] : clusterWords(cassandra);

/** Flags of `edgetwin audit`. */
export const auditStoreWords = (
  { data, cassandra }: Stored,
  store: (domain: string) => string = domain => storeOf(data, domain),
  control: string = controlStoreOf(data),
): string[] =>
  cassandra === undefined ? ['--stores', DOMAINS.map(store).join(','), '--control', control] : clusterWords(cassandra);
