import { randomUUID } from 'node:crypto';
import { systemClock, systemTimers } from '../common/clock.js';
import { Resources } from '../common/lifecycle.js';
import { silentLog } from '../common/log.js';
import { clusterMissing, openCluster } from '../lab/cassandra/cluster.js';
import type { Cluster } from '../lab/cassandra/lab-cluster.js';
import { openAdmin } from '../store/cassandra/admin/admin.js';
import { migrate } from '../store/cassandra/admin/migrate.js';
import { CassandraControlStore } from '../store/cassandra/control/control-store.js';
import type { CassandraSettings } from '../store/cassandra/driver.js';
import { readMigrations } from '../store/cassandra/schema/migrations.js';
import { openSession, type CassandraSession } from '../store/cassandra/session.js';
import { CassandraTwinStore } from '../store/cassandra/twin-store.js';
import type { StoreSync } from './store-options.js';

export const DOMAINS = ['edge-1', 'edge-2', 'core'] as const;
export type Domain = (typeof DOMAINS)[number];
const PREFIX = 'bench';

/** A cluster of three datacentres with the keyspaces of the product. */
export interface StoreSite extends AsyncDisposable {
  readonly cluster: Cluster;
  readonly keyspace: string;
  settings(domain: Domain): CassandraSettings;
  /** Each closed with the site. */
  session(domain: Domain): Promise<CassandraSession>;
  twin(domain: Domain): Promise<CassandraTwinStore>;
  control(domain: Domain): Promise<CassandraControlStore>;
  /** Without reports and live values, on disk as well. */
  empty(): Promise<void>;
}

/** `cuts`: links between the nodes can be cut, which needs root. Throws an Error where there can be none. */
export async function openStoreSite(sync: StoreSync, cuts: boolean): Promise<StoreSite> {
  const network = cuts ? 'namespaces' : 'loopback';
  const missing = clusterMissing(network);
  if (missing !== undefined) throw new Error(`Cassandra cannot be measured here: ${missing}`);
  const resources = new Resources();
  try {
    const cluster = resources.use(await openCluster({ datacentres: DOMAINS, network, commitlogSync: sync }));
    const settings = (domain: Domain): CassandraSettings => ({
      contactPoints: [cluster.node(domain).contactPoint],
      datacentre: domain,
      keyspace: PREFIX,
    });
    const admin = resources.use(await openAdmin(settings('core'), PREFIX));
    const one = Object.fromEntries(DOMAINS.map(domain => [domain, 1]));
    const retention = { historyTtlDays: 365, historyWindowDays: 7, graceDays: 10 };
    const say = (step: string): void => void process.stderr.write(`store: ${step}\n`);
    await migrate(admin, { migrations: await readMigrations(), retention, twin: one, auth: false, onStep: say });
    const session = async (domain: Domain): Promise<CassandraSession> =>
      resources.use(
        await openSession(settings(domain), {
          ...{ clock: systemClock, timers: systemTimers, random: Math.random, log: silentLog },
        }),
      );
    return {
      cluster,
      keyspace: `${PREFIX}_twin`,
      settings,
      session,
      twin: async domain =>
        new CassandraTwinStore({ domain, session: await session(domain), clock: systemClock, ack: 'local' }),
      control: async domain =>
        new CassandraControlStore({
          ...{ session: await session(domain), timers: systemTimers, random: Math.random },
          newId: randomUUID,
        }),
      async empty() {
        for (const table of ['report_history', 'report_day', 'twin_live']) await admin.run(`TRUNCATE {twin}.${table}`);
      },
      [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose](),
    };
  } catch (error) {
    await resources[Symbol.asyncDispose]();
    throw error;
  }
}
