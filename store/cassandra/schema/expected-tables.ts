import type { Migration } from './migrations.js';

export interface ExpectedTable {
  readonly keyspace: 'twin' | 'control';
  readonly table: string;
  /** Column → CQL type. */
  readonly columns: Readonly<Record<string, string>>;
  /** Partition key, then clustering columns, in order. */
  readonly key: readonly string[];
}

const CREATE = /^CREATE TABLE IF NOT EXISTS \{(twin|control)\}\.(\w+) \(\n([\s\S]*)\n\)/;
const ADD = /^ALTER TABLE \{(twin|control)\}\.(\w+) ADD IF NOT EXISTS (\w+) ([\w<>, ]+)$/;
const COLUMN = /^(\w+) ([\w<>, ]+?)( static)?( PRIMARY KEY)?$/;
const KEY = /^PRIMARY KEY \((.+)\)$/;

/** The tables as they are once all migrations have been applied: what `edgetwin store verify` compares with. */
export function expectedTables(migrations: readonly Migration[]): ExpectedTable[] {
  const tables = new Map<string, ExpectedTable>();
  for (const statement of migrations.flatMap(({ statements }) => statements)) {
    const [, keyspace, table = '', body = ''] = CREATE.exec(statement) ?? [];
    if (keyspace === 'twin' || keyspace === 'control')
      tables.set(`${keyspace}.${table}`, { keyspace, table, ...readBody(body) });
    const [, inKeyspace, altered, column, type] = ADD.exec(statement) ?? [];
    const held = tables.get(`${inKeyspace}.${altered}`);
    if (held !== undefined && column !== undefined && type !== undefined)
      tables.set(`${inKeyspace}.${altered}`, { ...held, columns: { ...held.columns, [column]: type } });
  }
  return [...tables.values()];
}

function readBody(body: string): Pick<ExpectedTable, 'columns' | 'key'> {
  const columns: Record<string, string> = {};
  let key: string[] = [];
  for (const line of body.split('\n').map(one => one.trim().replace(/,$/, ''))) {
    const [, names] = KEY.exec(line) ?? [];
    const [, column, type, , primary] = COLUMN.exec(line) ?? [];
    if (names !== undefined) key = names.replaceAll(/[()]/g, '').split(/,\s*/);
    else if (column !== undefined && type !== undefined) {
      columns[column] = type;
      if (primary !== undefined) key = [column];
    }
  }
  return { columns, key };
}
