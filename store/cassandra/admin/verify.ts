import { messageOf } from '../../../common/errors.js';
import { isDurableSync } from '../durability.js';
import { quorumSpansDomains, replicationText, type Replication } from '../replication.js';
import { expectedTables, type ExpectedTable } from '../schema/expected-tables.js';
import type { Migration } from '../schema/migrations.js';
import { optionFaults, twinTableOptions, type RetentionSettings } from '../schema/table-options.js';
import type { Admin } from './admin.js';
import { appliedMigrations, tableRows } from './migrate.js';
import type { ClusterStatus } from './status.js';

export interface Check {
  readonly check: string;
  readonly ok: boolean;
  /** What is as it should be, or what is not. */
  readonly say: string;
}

export interface VerifyOptions {
  readonly migrations: readonly Migration[];
  readonly retention: RetentionSettings;
  /** Whether clients have to log in: then `system_auth` has to be in every datacentre. */
  readonly auth: boolean;
}

/** Below this a node that was away for as long as hints are kept would miss deletions. */
const MIN_GRACE_S = 3 * 3_600;

const check = (name: string, faults: readonly string[], fine: string): Check => ({
  check: name,
  ok: faults.length === 0,
  say: faults.length === 0 ? fine : faults.join('; '),
});

/** Whether the cluster is what edgetwin stands on; every check is made, whatever the others say. */
export async function verify(admin: Admin, status: ClusterStatus, options: VerifyOptions): Promise<Check[]> {
  const twin = status.keyspaces[`${admin.prefix}_twin`];
  const control = status.keyspaces[`${admin.prefix}_control`];
  return [
    nodesCheck(status),
    durabilityCheck(status),
    twinCheck(status, twin),
    controlCheck(control),
    authCheck(status, options.auth),
    await made('migrations', () => migrationsCheck(admin, options.migrations)),
    await made('tables', () => tablesCheck(admin, options.migrations)),
    await made('options', () => optionsCheck(admin, options.retention)),
  ];
}

/** A check that could not be made has failed. */
async function made(name: string, action: () => Promise<Check>): Promise<Check> {
  try {
    return await action();
  } catch (error) {
    return { check: name, ok: false, say: messageOf(error) };
  }
}

function nodesCheck({ nodes }: ClusterStatus): Check {
  const faults = nodes.flatMap(({ address, up, fault }) => (up ? (fault ?? []) : `${address} is down`));
  return check('nodes', faults, `${nodes.length} up`);
}

function durabilityCheck({ nodes }: ClusterStatus): Check {
  const faults = nodes
    .filter(({ up, commitlogSync }) => up && !isDurableSync(commitlogSync))
    .map(({ address, commitlogSync }) => `${address} has ${commitlogSync ?? 'told nothing'}, not batch or group`);
  return check('commitlog_sync', faults, 'batch or group on every node that is up');
}

function twinCheck({ nodes }: ClusterStatus, replication: Replication | undefined): Check {
  if (replication === undefined) return check('twin replication', ['the keyspace is not there'], '');
  const missing = [...new Set(nodes.map(({ datacentre }) => datacentre))].filter(name => !(name in replication));
  const faults = missing.map(name => `datacentre ${name} has no replica: its domain cannot store`);
  if (Object.keys(replication).length > 1 && !quorumSpansDomains(replication))
    faults.push('one datacentre holds a majority of the replicas: ack=replicated would not wait for a second one');
  return check('twin replication', faults, replicationText(replication));
}

function controlCheck(replication: Replication | undefined): Check {
  if (replication === undefined) return check('control replication', ['the keyspace is not there'], '');
  const counts = Object.values(replication);
  const faults = counts.length % 2 === 0 ? [`${counts.length} datacentres: ownership needs an odd number`] : [];
  if (new Set(counts).size > 1) faults.push('datacentres have different numbers of replicas: their votes differ');
  return check('control replication', faults, replicationText(replication));
}

function authCheck({ nodes, keyspaces }: ClusterStatus, auth: boolean): Check {
  const has = keyspaces['system_auth'] ?? {};
  const missing = auth
    ? [...new Set(nodes.map(({ datacentre }) => datacentre))].filter(name => (has[name] ?? 0) === 0)
    : [];
  return check(
    'system_auth replication',
    missing.map(name => `datacentre ${name} has no replica: cut off, it lets nobody in`),
    auth ? replicationText(has) : 'not asked for: clients do not log in',
  );
}

async function migrationsCheck(admin: Admin, migrations: readonly Migration[]): Promise<Check> {
  const applied = await appliedMigrations(admin);
  const faults = migrations.flatMap(({ version, name, checksum }) => {
    const found = applied.get(version);
    if (found === undefined) return `${version} (${name}) is not applied`;
    return found.checksum === checksum ? [] : `${version} (${name}) is another than the one of this release`;
  });
  for (const version of applied.keys())
    if (version > migrations.length) faults.push(`${version} is of a later release`);
  return check('migrations', faults, `${migrations.length} applied`);
}

async function tablesCheck(admin: Admin, migrations: readonly Migration[]): Promise<Check> {
  const expected = expectedTables(migrations);
  const faults = (await Promise.all(expected.map(table => tableFaults(admin, table)))).flat();
  return check('tables', faults, `${expected.length} as expected`);
}

async function tableFaults(admin: Admin, { keyspace, table, columns, key }: ExpectedTable): Promise<string[]> {
  const rows = await admin.run(
    `SELECT column_name, type, kind, position FROM system_schema.columns WHERE keyspace_name = ? AND table_name = ?`,
    [`${admin.prefix}_${keyspace}`, table],
  );
  if (rows.length === 0) return [`${keyspace}.${table} is not there`];
  const types = new Map(rows.map(row => [String(row['column_name']), String(row['type'])]));
  const faults = Object.entries(columns)
    .filter(([column, type]) => types.get(column) !== type)
    .map(([column, type]) => `${keyspace}.${table}.${column} is ${types.get(column) ?? 'not there'}, not ${type}`);
  const order = { partition_key: 0, clustering: 1 } as const;
  const found = rows
    .filter(row => String(row['kind']) in order)
    .sort((a, b) => rank(a) - rank(b))
    .map(row => String(row['column_name']));
  function rank(row: Readonly<Record<string, unknown>>): number {
    return order[String(row['kind']) as keyof typeof order] * 100 + Number(row['position']);
  }
  if (found.join() !== key.join()) faults.push(`${keyspace}.${table} has the key ${found.join()}, not ${key.join()}`);
  return faults;
}

async function optionsCheck(admin: Admin, retention: RetentionSettings): Promise<Check> {
  const tables = await tableRows(admin);
  const faults = Object.entries(twinTableOptions(retention)).flatMap(([name, wanted]) =>
    optionFaults(wanted, tables.get(name) ?? {}).map(say => `${name}: ${say}`),
  );
  for (const [name, row] of tables)
    if (Number(row['gc_grace_seconds']) < MIN_GRACE_S)
      faults.push(`${name}: gc_grace_seconds is below the ${MIN_GRACE_S} for which hints are kept`);
  return check('options', faults, 'as the settings say');
}

export const verifyText = (checks: readonly Check[]): string =>
  checks.map(({ check: name, ok, say }) => `${ok ? 'ok  ' : 'FAIL'}  ${name}: ${say}`).join('\n');
