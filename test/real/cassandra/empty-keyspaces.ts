import cassandra from 'cassandra-driver';
import { expectedTables } from '../../../store/cassandra/schema/expected-tables.js';
import { readMigrations } from '../../../store/cassandra/schema/migrations.js';
import type { Cluster } from '../../../lab/cassandra/lab-cluster.js';

const TIMEOUT_MS = 30_000;
const ALL = { consistency: cassandra.types.consistencies.all };

/** Keyspaces as after their creation; what hints still bring from before is dropped by the nodes. All nodes have to be there. */
export async function emptyKeyspaces(cluster: Cluster, prefix: string): Promise<void> {
  const [domain = ''] = cluster.datacentres;
  const client = new cassandra.Client({
    contactPoints: [cluster.node(domain).contactPoint],
    localDataCenter: domain,
    socketOptions: { readTimeout: TIMEOUT_MS },
  });
  try {
    const tables = expectedTables(await readMigrations());
    const names = tables.map(({ keyspace, table }) => `${prefix}_${keyspace}.${table}`);
    const found = await Promise.all(names.map(name => client.execute(`SELECT * FROM ${name} LIMIT 1`, [], ALL)));
    const used = names.filter((_, index) => (found[index]?.rowLength ?? 0) > 0);
    await Promise.all(used.map(name => client.execute(`TRUNCATE ${name}`)));
  } finally {
    await client.shutdown();
  }
}
