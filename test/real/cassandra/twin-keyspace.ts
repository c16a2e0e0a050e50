import { systemClock, systemTimers } from '../../../common/clock.js';
import { silentLog } from '../../../common/log.js';
import type { Cluster } from '../../../lab/cassandra/lab-cluster.js';
import { openAdmin, type Admin } from '../../../store/cassandra/admin/admin.js';
import { migrate } from '../../../store/cassandra/admin/migrate.js';
import type { Ack } from '../../../store/cassandra/history-table.js';
import { expectedTables } from '../../../store/cassandra/schema/expected-tables.js';
import { readMigrations } from '../../../store/cassandra/schema/migrations.js';
import { openSession } from '../../../store/cassandra/session.js';
import { CassandraTwinStore } from '../../../store/cassandra/twin-store.js';
import { encodeDevice } from '../../../store/rows/control-rows.js';
import type { DeviceRow } from '../../../store/types.js';

export const RETENTION = { historyTtlDays: 365, historyWindowDays: 7, graceDays: 10 } as const;

/** Both keyspaces of a prefix on a cluster, made by the migrations. They go with their cluster. */
export interface TwinKeyspace extends AsyncDisposable {
  readonly prefix: string;
  readonly admin: Admin;
  store(domain: string, ack?: Ack): Promise<CassandraTwinStore>;
  /** Vehicles as their registration leaves them. */
  register(rows: readonly DeviceRow[]): Promise<void>;
  /** As after the migrations. All nodes have to be there. */
  empty(): Promise<void>;
}

export async function openTwinKeyspace(cluster: Cluster, prefix: string): Promise<TwinKeyspace> {
  const points = cluster.nodes.map(node => node.contactPoint);
  const admin = await openAdmin({ contactPoints: points }, prefix);
  const migrations = await readMigrations();
  await migrate(admin, { migrations, retention: RETENTION, auth: false, onStep: () => undefined });
  const tables = expectedTables(migrations).map(({ keyspace, table }) => `{${keyspace}}.${table}`);
  return {
    prefix,
    admin,
    async store(domain, ack = 'local') {
      const session = await openSession(
        { contactPoints: [cluster.node(domain).contactPoint], datacentre: domain, keyspace: prefix },
        { clock: systemClock, timers: systemTimers, random: Math.random, log: silentLog },
      );
      return new CassandraTwinStore({ domain, session, clock: systemClock, ack });
    },
    async register(rows) {
      for (const row of rows) {
        await admin.run(
          `INSERT INTO {control}.device (vehicle, device) VALUES (?, ?)`,
          [row.vehicle, encodeDevice(row)],
          { consistency: 'ALL' },
        );
        await admin.run(
          `INSERT INTO {control}.device_number (number, vehicle) VALUES (?, ?)`,
          [row.number, row.vehicle],
          { consistency: 'ALL' },
        );
      }
    },
    async empty() {
      const found = await Promise.all(
        tables.map(name => admin.run(`SELECT * FROM ${name} LIMIT 1`, [], { consistency: 'ALL' })),
      );
      for (const [i, name] of tables.entries()) if ((found[i]?.length ?? 0) > 0) await admin.run(`TRUNCATE ${name}`);
    },
    [Symbol.asyncDispose]: () => admin[Symbol.asyncDispose](),
  };
}
