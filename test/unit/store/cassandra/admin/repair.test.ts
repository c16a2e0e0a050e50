import assert from 'node:assert/strict';
import { adminOf } from '../../../../../store/cassandra/admin/admin.js';
import { repairByReading } from '../../../../../store/cassandra/admin/repair.js';
import { parseMigrations } from '../../../../../store/cassandra/schema/migrations.js';
import { fakeDriver, type FakeDriver } from '../../../../fakes/fake-driver.js';

const MIGRATIONS = parseMigrations(
  '-- migration 1: a\nCREATE TABLE IF NOT EXISTS {twin}.t (\n  a text,\n  b int,\n  c int,\n  PRIMARY KEY ((a, b), c)\n);\n',
);

/** Each range has 3 rows on two pages. */
function answering(): FakeDriver {
  const driver = fakeDriver();
  driver.answer(({ cql, options }) => {
    if (cql.includes('system_schema.columns'))
      return Promise.resolve({
        rows: [
          { column_name: 'b', kind: 'partition_key' },
          { column_name: 'c', kind: 'clustering' },
          { column_name: 'a', kind: 'partition_key' },
        ],
      });
    return Promise.resolve(options.pageState === undefined ? { rows: [{}, {}], pageState: 'next' } : { rows: [{}] });
  });
  return driver;
}

describe('repair by reading', () => {
  it('reads every row of every range once, at ALL, however many ranges are read at once', async () => {
    const driver = answering();
    const shares: number[] = [];
    const found = await repairByReading(adminOf(driver, 'fleet'), {
      ...{ migrations: MIGRATIONS, ranges: 10, atOnce: 3 },
      onProgress: ({ ranges, of }) => shares.push(ranges / of),
    });
    assert.deepEqual(found, { 'twin.t': 30 });
    assert.deepEqual(shares, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]);
    const reads = driver.executed.filter(({ cql }) => cql.startsWith('SELECT *'));
    assert.equal(reads.length, 20);
    for (const { cql, options } of reads) {
      assert.equal(cql, 'SELECT * FROM fleet_twin.t WHERE token(a, b) > ? AND token(a, b) <= ?');
      assert.equal(options.consistency, 'ALL');
    }
    assert.equal(new Set(reads.map(({ params }) => String(params[0]))).size, 10);
  });

  it('says which table is not there', async () => {
    const driver = fakeDriver();
    const options = { migrations: MIGRATIONS, ranges: 1, atOnce: 1, onProgress: () => undefined };
    await assert.rejects(repairByReading(adminOf(driver, 'fleet'), options), {
      code: 'STORE_SCHEMA',
      message: /twin\.t is not there/,
    });
  });
});
