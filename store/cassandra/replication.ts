import type { Parse } from '../../common/config.js';
import { fault } from '../../protocol/errors.js';
import type { DriverNode } from './driver.js';

/** Replicas per datacentre. */
export type Replication = Readonly<Record<string, number>>;

const ENTRY = /^([a-z0-9-]{1,32})=([1-9]\d?)$/;

/** `edge-1=3,core=3`. */
export const replicationSetting: Parse<Replication> = value => {
  const entries = value.split(',').map(part => {
    const [, datacentre, replicas] = ENTRY.exec(part) ?? [];
    if (datacentre === undefined) throw new Error('a list of DATACENTRE=REPLICAS');
    return [datacentre, Number(replicas)] as const;
  });
  return Object.fromEntries(entries);
};

/** Production has three (DESIGN §9); a datacentre of fewer nodes has as many as it has nodes. */
const REPLICAS = 3;

/** Every datacentre that the nodes are in, with three replicas or as many as it has nodes. */
export function usualReplication(nodes: readonly DriverNode[]): Replication {
  const counts = new Map<string, number>();
  for (const { datacentre } of nodes) counts.set(datacentre, (counts.get(datacentre) ?? 0) + 1);
  return Object.fromEntries([...counts].sort().map(([name, count]) => [name, Math.min(REPLICAS, count)]));
}

/** CONFIG_INVALID where half of the control domains could be cut from the other half. */
export function checkControl(replication: Replication): Replication {
  const domains = Object.keys(replication);
  if (domains.length % 2 === 0)
    throw fault(
      'CONFIG_INVALID',
      `control.replication names ${domains.length} datacentres (${domains.join(', ')}): ownership needs an odd number`,
    );
  return replication;
}

export const sameReplication = (a: Replication, b: Replication): boolean => replicationText(a) === replicationText(b);

export const replicationText = (replication: Replication): string =>
  Object.entries(replication)
    .map(([name, count]) => `${name}=${count}`)
    .sort()
    .join(',');

/** As CQL has it. */
export const replicationCql = (replication: Replication): string =>
  `{'class': 'NetworkTopologyStrategy'${Object.entries(replication)
    .map(([name, count]) => `, '${name}': ${count}`)
    .join('')}}`;

/**
 * Whether a majority of all replicas always has one in a second datacentre: what `ack: replicated` stands on. It does unless
 * one datacentre alone holds a majority.
 */
export function quorumSpansDomains(replication: Replication): boolean {
  const counts = Object.values(replication);
  const quorum = Math.floor(counts.reduce((sum, count) => sum + count, 0) / 2) + 1;
  return counts.every(count => count < quorum);
}
