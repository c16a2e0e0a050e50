import { spawn } from 'node:child_process';
import { fault } from '../../../protocol/errors.js';
import { inKeyspaces } from '../consistency.js';
import type { DriverNode } from '../driver.js';
import { expectedTables, type ExpectedTable } from '../schema/expected-tables.js';
import type { Migration } from '../schema/migrations.js';
import { tokenRanges } from '../token-ranges.js';
import type { Admin } from './admin.js';

export interface RepairOptions {
  readonly migrations: readonly Migration[];
  /** Token ranges that a table is read by. */
  readonly ranges: number;
  /** Ranges that are read at once. */
  readonly atOnce: number;
  readonly onProgress: (progress: RepairProgress) => void;
}

export interface RepairProgress {
  readonly table: string;
  readonly ranges: number;
  readonly of: number;
  readonly rows: number;
}

/**
 * Heals what hints did not: every row of every table is read at ALL, so that each coordinator compares all replicas of all
 * datacentres and writes to each what it has missed (Cassandra's blocking read repair) before it answers. It needs no JMX, only every
 * replica up (else STORE_AWAY), and reads each row once from each replica. Gives the rows read by table.
 */
export async function repairByReading(admin: Admin, options: RepairOptions): Promise<Readonly<Record<string, number>>> {
  const read: Record<string, number> = {};
  for (const table of expectedTables(options.migrations)) {
    const name = `${table.keyspace}.${table.table}`;
    read[name] = await readTable(admin, table, options);
  }
  return read;
}

async function readTable(admin: Admin, table: ExpectedTable, options: RepairOptions): Promise<number> {
  const name = `${table.keyspace}.${table.table}`;
  const partition = await partitionKey(admin, table);
  const cql = `SELECT * FROM {${table.keyspace}}.${table.table} WHERE token(${partition}) > ? AND token(${partition}) <= ?`;
  const waiting = tokenRanges(options.ranges);
  const of = waiting.length;
  let rows = 0;
  let ranges = 0;
  const worker = async (): Promise<void> => {
    for (let range = waiting.shift(); range !== undefined; range = waiting.shift()) {
      const read = await admin.count(cql, [range.from, range.to], { consistency: 'ALL' });
      rows += read;
      ranges++;
      options.onProgress({ table: name, ranges, of, rows });
    }
  };
  await Promise.all(Array.from({ length: options.atOnce }, worker));
  return rows;
}

async function partitionKey(admin: Admin, { keyspace, table, key }: ExpectedTable): Promise<string> {
  const rows = await admin.run(
    `SELECT column_name, kind FROM system_schema.columns WHERE keyspace_name = ? AND table_name = ?`,
    [`${admin.prefix}_${keyspace}`, table],
  );
  const partition = new Set(rows.filter(row => row['kind'] === 'partition_key').map(row => String(row['column_name'])));
  if (partition.size === 0) throw fault('STORE_SCHEMA', `${keyspace}.${table} is not there: edgetwin store migrate`);
  return key.filter(column => partition.has(column)).join(', ');
}

/**
 * The same by Cassandra's own anti-entropy repair: runs `command` with `repair --full --partitioner-range KEYSPACE` for each node
 * and keyspace, one after the other; `{address}` and `{datacentre}` in it stand for the node's. STORE_FAILED where one fails.
 */
export async function repairByNodetool(
  command: string,
  { prefix, nodes, onLine }: { prefix: string; nodes: readonly DriverNode[]; onLine: (line: string) => void },
): Promise<void> {
  for (const { address, datacentre } of nodes)
    for (const keyspace of ['{twin}', '{control}'].map(name => inKeyspaces(name, prefix))) {
      const host = address.replace(/:\d+$/, '');
      const words = command
        .split(' ')
        .filter(word => word !== '')
        .map(word => word.replaceAll('{address}', host).replaceAll('{datacentre}', datacentre));
      onLine(`${address}: repair ${keyspace}`);
      await runNodetool([...words, 'repair', '--full', '--partitioner-range', keyspace]);
    }
}

function runNodetool([program = '', ...words]: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { stdio: ['ignore', 2, 2] });
    child.on('error', cause => reject(fault('STORE_FAILED', `${program}: ${cause.message}`, { cause })));
    child.on('exit', code => {
      if (code === 0) resolve();
      else reject(fault('STORE_FAILED', `${program} ${words.join(' ')} ended with ${code}`));
    });
  });
}
