import assert from 'node:assert/strict';
import { expectedTables } from '../../../../../store/cassandra/schema/expected-tables.js';
import { parseMigrations, readMigrations } from '../../../../../store/cassandra/schema/migrations.js';

describe('migrations', () => {
  it('are read in order, statement by statement, without their comments', () => {
    const found = parseMigrations(
      '-- about\n\n-- migration 1: one\n\n-- why\nA (\n  b\n);\nC;\n\n-- migration 2: two\nD;\n',
    );
    assert.deepEqual(
      found.map(({ version, name, statements }) => ({ version, name, statements })),
      [
        { version: 1, name: 'one', statements: ['A (\n  b\n)', 'C'] },
        { version: 2, name: 'two', statements: ['D'] },
      ],
    );
  });

  it('have a checksum of their statements alone', () => {
    const sum = (text: string): string | undefined => parseMigrations(text)[0]?.checksum;
    assert.equal(sum('-- migration 1: a\nX;\n'), sum('-- migration 1: b\n-- said better\nX;\n'));
    assert.notEqual(sum('-- migration 1: a\nX;\n'), sum('-- migration 1: a\nY;\n'));
  });

  for (const [name, text] of [
    ['do not count from one', '-- migration 2: a\nX;\n'],
    ['come twice', '-- migration 1: a\nX;\n-- migration 1: b\nY;\n'],
    ['have a statement without an end', '-- migration 1: a\nX\n'],
    ['have a statement before the first', 'X;\n-- migration 1: a\n'],
  ] as const)
    it(`are refused where they ${name}`, () => assert.throws(() => parseMigrations(text), { code: 'STORE_SCHEMA' }));

  it('of this release change nothing when they are applied again, and name no keyspace but by its place', async () => {
    const statements = (await readMigrations()).flatMap(migration => migration.statements);
    assert.ok(statements.length > 5);
    for (const statement of statements)
      assert.match(
        statement,
        /^(CREATE TABLE IF NOT EXISTS|ALTER TABLE) \{(twin|control)\}\.\w+ (\(|ADD IF NOT EXISTS)/,
        statement,
      );
  });

  it('of this release are all understood by verify', async () => {
    const migrations = await readMigrations();
    const created = migrations.flatMap(({ statements }) => statements).filter(cql => cql.startsWith('CREATE TABLE'));
    const tables = expectedTables(migrations);
    assert.equal(tables.length, created.length);
    for (const { table, key, columns } of tables)
      assert.ok(key.length > 0 && key.every(name => name in columns), table);
    assert.deepEqual(
      tables.find(({ table }) => table === 'report_history'),
      {
        keyspace: 'twin',
        table: 'report_history',
        columns: { vehicle: 'text', day: 'int', time: 'bigint', boot: 'bigint', seq: 'bigint', report: 'blob' },
        key: ['vehicle', 'day', 'time', 'boot', 'seq'],
      },
    );
  });

  it('may add a column', () => {
    const text =
      '-- migration 1: a\nCREATE TABLE IF NOT EXISTS {twin}.t (\n  a text PRIMARY KEY,\n  b int\n);\n' +
      '-- migration 2: b\nALTER TABLE {twin}.t ADD IF NOT EXISTS c map<text, int>;\n';
    assert.deepEqual(expectedTables(parseMigrations(text)), [
      { keyspace: 'twin', table: 't', columns: { a: 'text', b: 'int', c: 'map<text, int>' }, key: ['a'] },
    ]);
  });
});
