import { randomUUID } from 'node:crypto';
import { systemClock, systemTimers } from '../../../common/clock.js';
import { silentLog } from '../../../common/log.js';
import { openAdmin, type Admin } from '../../../store/cassandra/admin/admin.js';
import { migrate } from '../../../store/cassandra/admin/migrate.js';
import { CassandraControlStore } from '../../../store/cassandra/control/control-store.js';
import { readMigrations } from '../../../store/cassandra/schema/migrations.js';
import { openSession, type CassandraSession } from '../../../store/cassandra/session.js';
import { CassandraTwinStore } from '../../../store/cassandra/twin-store.js';
import { DATACENTRES, freshPrefix, sharedCluster } from './shared-cluster.js';

export type Domain = (typeof DATACENTRES)[number];

/** Both keyspaces on the shared cluster as `edgetwin store migrate` makes them, one for all suites that empty it before use. */
export interface MigratedStores {
  readonly prefix: string;
  /** host:port of the node of each domain. */
  readonly points: Readonly<Record<Domain, string>>;
  /** The twin store of a domain, by its own node; closed with the process’s last suite. */
  twin(domain: Domain): Promise<CassandraTwinStore>;
  control(): Promise<CassandraControlStore>;
  /** As after its creation. All nodes have to be there. */
  empty(): Promise<void>;
}

const RETENTION = { historyTtlDays: 365, historyWindowDays: 7, graceDays: 10 };
const TABLES = ['{twin}.report_history', '{twin}.report_day', '{twin}.twin_live', '{twin}.replication_marker'];
const CONTROL_TABLES = ['{control}.device', '{control}.owner', '{control}.handover'];

let opening: Promise<MigratedStores> | undefined;
const admins: Admin[] = [];
const sessions: CassandraSession[] = [];

export function migratedStores(): Promise<MigratedStores> {
  opening ??= open();
  return opening;
}

async function open(): Promise<MigratedStores> {
  const cluster = await sharedCluster();
  const prefix = freshPrefix();
  const points = Object.fromEntries(
    DATACENTRES.map(domain => [domain, cluster.node(domain).contactPoint]),
  ) as MigratedStores['points'];
  const admin = await openAdmin({ contactPoints: [points.core], datacentre: 'core' }, prefix);
  admins.push(admin);
  const twin = Object.fromEntries(DATACENTRES.map(domain => [domain, 1]));
  const migrations = await readMigrations();
  await migrate(admin, { migrations, retention: RETENTION, twin, auth: false, onStep: () => undefined });
  const session = async (domain: Domain): Promise<CassandraSession> => {
    const opened = await openSession(
      { contactPoints: [points[domain]], datacentre: domain, keyspace: prefix },
      { clock: systemClock, timers: systemTimers, random: Math.random, log: silentLog },
    );
    sessions.push(opened);
    return opened;
  };
  const twins = new Map<Domain, Promise<CassandraTwinStore>>();
  return {
    prefix,
    points,
    twin(domain) {
      const known =
        twins.get(domain) ??
        session(domain).then(own => new CassandraTwinStore({ domain, session: own, clock: systemClock, ack: 'local' }));
      twins.set(domain, known);
      return known;
    },
    async control() {
      const own = await session('core');
      return new CassandraControlStore({
        ...{ session: own, timers: systemTimers, random: Math.random },
        newId: randomUUID,
      });
    },
    async empty() {
      for (const table of [...TABLES, ...CONTROL_TABLES]) await admin.run(`TRUNCATE ${table}`);
    },
  };
}

after('the migrated stores', async () => {
  for (const session of sessions) await session[Symbol.asyncDispose]();
  for (const admin of admins) await admin[Symbol.asyncDispose]();
});
