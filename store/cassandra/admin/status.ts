import { messageOf } from '../../../common/errors.js';
import { commitlogSyncOf } from '../durability.js';
import type { Replication } from '../replication.js';
import { replicationText } from '../replication.js';
import type { Migration } from '../schema/migrations.js';
import type { Admin } from './admin.js';
import { appliedMigrations } from './migrate.js';

export interface NodeStatus {
  readonly address: string;
  readonly datacentre: string;
  readonly up: boolean;
  readonly release?: string;
  readonly commitlogSync?: string;
  /** Why the node itself did not tell. */
  readonly fault?: string;
}

export interface ClusterStatus {
  readonly nodes: readonly NodeStatus[];
  /** Replicas per datacentre by keyspace; a keyspace that is not there is not named. */
  readonly keyspaces: Readonly<Record<string, Replication>>;
  readonly schema: {
    /** The highest migration that the cluster has, and that this release has. */
    readonly applied: number;
    readonly latest: number;
  };
}

/** What the cluster is, as its nodes tell. */
export async function clusterStatus(admin: Admin, migrations: readonly Migration[]): Promise<ClusterStatus> {
  const nodes = [...admin.nodes()].sort((a, b) => (a.address < b.address ? -1 : 1));
  const keyspaces: Record<string, Replication> = {};
  for (const name of [`${admin.prefix}_twin`, `${admin.prefix}_control`, 'system_auth']) {
    const found = admin.driver.replication(name);
    if (found !== undefined) keyspaces[name] = found;
  }
  const applied = await appliedMigrations(admin);
  return {
    nodes: await Promise.all(nodes.map(node => nodeStatus(admin, node))),
    keyspaces,
    schema: { applied: Math.max(0, ...applied.keys()), latest: migrations.length },
  };
}

async function nodeStatus(
  admin: Admin,
  node: { readonly address: string; readonly datacentre: string; readonly up: boolean },
): Promise<NodeStatus> {
  const { address, datacentre, up } = node;
  if (!up) return { address, datacentre, up };
  try {
    const [row] = await admin.run(`SELECT release_version FROM system.local`, [], { node: address });
    const commitlogSync = await commitlogSyncOf(admin.driver, address);
    return { address, datacentre, up, release: String(row?.['release_version']), commitlogSync };
  } catch (error) {
    return { address, datacentre, up, fault: messageOf(error) };
  }
}

export function statusText({ nodes, keyspaces, schema }: ClusterStatus): string {
  const lines = nodes.map(node =>
    [
      node.address.padEnd(22),
      node.datacentre.padEnd(12),
      (node.up ? 'up' : 'DOWN').padEnd(6),
      (node.release ?? '-').padEnd(8),
      `commitlog_sync ${node.commitlogSync ?? 'unknown'}`,
      ...(node.fault === undefined ? [] : [node.fault]),
    ].join(' '),
  );
  for (const [name, replication] of Object.entries(keyspaces))
    lines.push(`keyspace ${name}: ${replicationText(replication)}`);
  lines.push(`schema: migration ${schema.applied} of ${schema.latest}`);
  return lines.join('\n');
}
