import { fault } from '../../../protocol/errors.js';
import { checkControl, replicationCql, replicationText, sameReplication, usualReplication } from '../replication.js';
import type { Replication } from '../replication.js';
import type { Migration } from '../schema/migrations.js';
import { optionFaults, optionsCql, twinTableOptions, type RetentionSettings } from '../schema/table-options.js';
import type { Admin } from './admin.js';

export interface MigrateOptions {
  readonly migrations: readonly Migration[];
  readonly retention: RetentionSettings;
  /** Replicas per datacentre; absent: as it is, at first those that are usual. */
  readonly twin?: Replication | undefined;
  readonly control?: Replication | undefined;
  /** Also give `system_auth` to every datacentre: with authentication, or a datacentre that is cut off lets nobody in. */
  readonly auth: boolean;
  /** Called with each step before it is taken, in words. */
  readonly onStep: (say: string) => void;
}

const RECORD = `CREATE TABLE IF NOT EXISTS {control}.migration (version int PRIMARY KEY, name text, checksum text, applied_at timestamp)`;

/**
 * Brings keyspaces, tables and their options to this release and these settings. What is there already is left as it is, so it
 * may be run again, also after it was interrupted; by one at a time. Gives what it did, in words. STORE_SCHEMA where the
 * cluster has migrations of a later release, or one that was edited.
 */
export async function migrate(admin: Admin, options: MigrateOptions): Promise<string[]> {
  const done: string[] = [];
  const step = async (say: string, action: () => Promise<unknown>): Promise<void> => {
    options.onStep(say);
    await action();
    done.push(say);
  };
  const usual = usualReplication(admin.nodes());
  await keyspace(admin, 'twin', options.twin, usual, step);
  await keyspace(admin, 'control', options.control, options.twin ?? usual, step);
  if (options.auth) await authKeyspace(admin, options.twin ?? usual, step);
  await admin.run(RECORD);
  const applied = await appliedMigrations(admin);
  checkApplied(applied, options.migrations);
  for (const migration of options.migrations) {
    const { version, name, checksum, statements } = migration;
    if (applied.has(version)) continue;
    await step(`migration ${version}: ${name}`, async () => {
      for (const statement of statements) await admin.run(statement);
      await admin.run(
        `INSERT INTO {control}.migration (version, name, checksum, applied_at) VALUES (?, ?, ?, toTimestamp(now()))`,
        [version, name, checksum],
        { consistency: 'QUORUM' },
      );
    });
  }
  const tables = await tableRows(admin);
  for (const [table, wanted] of Object.entries(twinTableOptions(options.retention))) {
    const faults = optionFaults(wanted, tables.get(table) ?? {});
    if (faults.length > 0)
      await step(`options of ${table}: ${faults.join(', ')}`, () =>
        admin.run(`ALTER TABLE {twin}.${table} WITH ${optionsCql(wanted)}`),
      );
  }
  return done;
}

type Step = (say: string, action: () => Promise<unknown>) => Promise<void>;

async function keyspace(
  admin: Admin,
  which: 'twin' | 'control',
  wanted: Replication | undefined,
  usual: Replication,
  step: Step,
): Promise<void> {
  const name = `${admin.prefix}_${which}`;
  const has = admin.driver.replication(name);
  const target = wanted ?? has ?? usual;
  if (which === 'control') checkControl(target);
  checkDatacentres(admin, target);
  const said = `${name} with replication ${replicationText(target)}`;
  if (has === undefined)
    await step(`keyspace ${said}`, () =>
      admin.run(`CREATE KEYSPACE IF NOT EXISTS {${which}} WITH replication = ${replicationCql(target)}`),
    );
  else if (!sameReplication(has, target))
    await step(`keyspace ${said}, was ${replicationText(has)}: repair it now`, () =>
      admin.run(`ALTER KEYSPACE {${which}} WITH replication = ${replicationCql(target)}`),
    );
}

async function authKeyspace(admin: Admin, target: Replication, step: Step): Promise<void> {
  const has = admin.driver.replication('system_auth') ?? {};
  if (sameReplication(has, target)) return;
  await step(`keyspace system_auth with replication ${replicationText(target)}: repair it now`, () =>
    admin.run(`ALTER KEYSPACE system_auth WITH replication = ${replicationCql(target)}`),
  );
}

/** A name that no node has would take no replica anywhere, and every write would fail. */
function checkDatacentres(admin: Admin, replication: Replication): void {
  const known = new Set(admin.nodes().map(({ datacentre }) => datacentre));
  const unknown = Object.keys(replication).filter(name => !known.has(name));
  if (unknown.length > 0)
    throw fault('CONFIG_INVALID', `no node is in ${unknown.join(', ')}; there are ${[...known].sort().join(', ')}`);
}

export interface AppliedMigration {
  readonly version: number;
  readonly checksum: string;
}

/** Migrations that the cluster has; none where it has no such table yet. */
export async function appliedMigrations(admin: Admin): Promise<Map<number, AppliedMigration>> {
  const [table] = await admin.run(
    `SELECT table_name FROM system_schema.tables WHERE keyspace_name = ? AND table_name = 'migration'`,
    [`${admin.prefix}_control`],
  );
  if (table === undefined) return new Map();
  const rows = await admin.run(`SELECT version, checksum FROM {control}.migration`, [], { consistency: 'QUORUM' });
  return new Map(
    rows.map(row => {
      const version = Number(row['version']);
      return [version, { version, checksum: String(row['checksum']) }] as const;
    }),
  );
}

function checkApplied(applied: ReadonlyMap<number, AppliedMigration>, ours: readonly Migration[]): void {
  for (const { version, checksum } of applied.values()) {
    const own = ours.find(one => one.version === version);
    if (own === undefined) throw fault('STORE_SCHEMA', `the cluster has migration ${version}, this release has not`);
    if (own.checksum !== checksum)
      throw fault('STORE_SCHEMA', `migration ${version} was applied as ${checksum}, here it is ${own.checksum}`);
  }
}

/** `system_schema.tables` of the twin keyspace, by name. */
export async function tableRows(admin: Admin): Promise<Map<string, Readonly<Record<string, unknown>>>> {
  const rows = await admin.run(`SELECT * FROM system_schema.tables WHERE keyspace_name = ?`, [`${admin.prefix}_twin`]);
  return new Map(rows.map(row => [String(row['table_name']), row]));
}
