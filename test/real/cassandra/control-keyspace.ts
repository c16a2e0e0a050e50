import cassandra from 'cassandra-driver';
import { randomUUID } from 'node:crypto';
import { systemClock, systemTimers } from '../../../common/clock.js';
import { silentLog } from '../../../common/log.js';
import { CassandraControlStore } from '../../../store/cassandra/control/control-store.js';
import { inKeyspaces } from '../../../store/cassandra/consistency.js';
import { expectedTables } from '../../../store/cassandra/schema/expected-tables.js';
import { readMigrations } from '../../../store/cassandra/schema/migrations.js';
import { openSession, type CassandraSession } from '../../../store/cassandra/session.js';
import type { Cluster } from '../../../lab/cassandra/lab-cluster.js';
import { eventually } from '../../fakes/eventually.js';
import { freshPrefix, sharedCluster } from './shared-cluster.js';

/** A control keyspace on a cluster, with nothing but its tables: the twin keyspace would double the time that it takes. It goes with its cluster. */
export interface ControlKeyspace extends AsyncDisposable {
  readonly prefix: string;
  /** A session whose every request goes to the node of this domain, once that is ready. */
  session(domain: string): Promise<CassandraSession>;
  /** A store on a session of its own. */
  store(domain: string): Promise<CassandraControlStore>;
  /** As after its creation. All nodes have to be there. */
  empty(): Promise<void>;
}

const DDL_TIMEOUT_MS = 30_000;
const ALL = { consistency: cassandra.types.consistencies.all };

let shared: Promise<ControlKeyspace> | undefined;

/** One on the shared cluster for all suites of this process that empty it before use, or take vehicles that no other has. */
export function sharedControlKeyspace(): Promise<ControlKeyspace> {
  shared ??= sharedCluster().then(cluster => openControlKeyspace(cluster, freshPrefix()));
  return shared;
}

after('the shared control keyspace', async () => {
  await (await shared)?.[Symbol.asyncDispose]();
});

export async function openControlKeyspace(cluster: Cluster, prefix: string): Promise<ControlKeyspace> {
  const [domain = ''] = cluster.datacentres;
  const client = new cassandra.Client({
    contactPoints: [cluster.node(domain).contactPoint],
    localDataCenter: domain,
    socketOptions: { readTimeout: DDL_TIMEOUT_MS },
  });
  await client.connect();
  const replication = ["'class': 'NetworkTopologyStrategy'", ...cluster.datacentres.map(name => `'${name}': 1`)];
  await client.execute(`CREATE KEYSPACE ${prefix}_control WITH replication = {${replication.join(', ')}}`);
  const migrations = await readMigrations();
  for (const cql of migrations.flatMap(({ statements }) => statements))
    if (cql.includes('{control}')) await client.execute(inKeyspaces(cql, prefix));
  const tables = expectedTables(migrations).filter(({ keyspace }) => keyspace === 'control');
  const session = async (at: string): Promise<CassandraSession> => {
    const opened = await openSession(
      { contactPoints: [cluster.node(at).contactPoint], datacentre: at, keyspace: prefix },
      { clock: systemClock, timers: systemTimers, random: Math.random, log: silentLog },
    );
    // A session opens though its node has not answered yet, as on a machine that has much else to do.
    await eventually(`the node of ${at} is there`, () => opened.state.at === 'ready');
    return opened;
  };
  return {
    prefix,
    session,
    store: async at =>
      new CassandraControlStore({
        ...{ session: await session(at), timers: systemTimers, random: Math.random },
        newId: randomUUID,
      }),
    empty: async () => {
      const names = tables.map(({ table }) => `${prefix}_control.${table}`);
      const found = await Promise.all(names.map(name => client.execute(`SELECT * FROM ${name} LIMIT 1`, [], ALL)));
      const used = names.filter((_, i) => (found[i]?.rowLength ?? 0) > 0);
      await Promise.all(used.map(name => client.execute(`TRUNCATE ${name}`)));
    },
    [Symbol.asyncDispose]: () => client.shutdown(),
  };
}
