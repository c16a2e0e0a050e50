import assert from 'node:assert/strict';
import { silentLog } from '../../../../common/log.js';
import { fault } from '../../../../protocol/errors.js';
import { HistoryTable, type Ack } from '../../../../store/cassandra/history-table.js';
import { openSession, type CassandraSession } from '../../../../store/cassandra/session.js';
import { fakeClock } from '../../../fakes/fake-clock.js';
import { fakeDriver, type Executed, type FakeDriver } from '../../../fakes/fake-driver.js';
import { row, START_MS } from '../../../fakes/store-rows.js';

const DAY_MS = 86_400_000;
const isDay = ({ cql }: Executed): boolean => cql.includes('report_day');
const settle = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

describe('history on Cassandra', () => {
  let driver: FakeDriver;
  let session: CassandraSession;
  let nowMs: number;
  const table = (ack: Ack = 'local'): HistoryTable => new HistoryTable(session, ack, () => nowMs);
  beforeEach(async () => {
    const clock = fakeClock();
    driver = fakeDriver();
    nowMs = START_MS;
    session = await openSession(
      { contactPoints: ['a'], datacentre: 'edge-1', keyspace: 'fleet' },
      { clock, timers: clock, random: () => 0.5, log: silentLog, connect: () => Promise.resolve(driver) },
    );
  });
  afterEach(() => session[Symbol.asyncDispose]());

  it('is acknowledged when the report and the entry of its day are both there, not before', async () => {
    const answers = new Map<boolean, () => void>();
    driver.answer(executed => new Promise(resolve => answers.set(isDay(executed), () => resolve({ rows: [] }))));
    let done = false;
    const appended = table()
      .append([row('car-1', 1)])
      .then(() => (done = true));
    await settle();
    answers.get(false)?.();
    await settle();
    assert.equal(done, false);
    answers.get(true)?.();
    await appended;
  });

  it('is not acknowledged where the entry of its day failed, and writes it again with the next report', async () => {
    const history = table();
    driver.answer(executed =>
      isDay(executed) ? Promise.reject(fault('STORE_AWAY', 'x')) : Promise.resolve({ rows: [] }),
    );
    await assert.rejects(history.append([row('car-1', 1)]), { code: 'STORE_AWAY' });
    driver.answer(() => Promise.resolve({ rows: [] }));
    driver.executed.length = 0;
    await history.append([row('car-1', 2), row('car-1', 3)]);
    await history.append([row('car-1', 4)]);
    assert.equal(driver.executed.filter(isDay).length, 1);
    assert.equal(driver.executed.length, 4);
  });

  it('sends nothing where one row of a call cannot be kept', async () => {
    await assert.rejects(table().append([row('car-1', 1), row('car-1', 2, { schema: 99 })]), { code: 'STORE_SCHEMA' });
    assert.equal(driver.executed.length, 0);
  });

  it('waits for a majority of all replicas under ack=replicated, and refuses where one domain alone is that', async () => {
    const rows = [row('car-1', 1)];
    driver.replicas['fleet_twin'] = { 'edge-1': 3, core: 1 };
    const history = table('replicated');
    await assert.rejects(history.append(rows), { code: 'STORE_NOT_DURABLE', message: /core=1,edge-1=3/ });
    assert.equal(driver.executed.length, 0);
    driver.replicas['fleet_twin'] = { 'edge-1': 3, core: 3 };
    await history.append(rows);
    assert.deepEqual(
      driver.executed.map(({ options }) => options.consistency),
      ['QUORUM', 'QUORUM'],
    );
  });

  it('reads the days that there are, and of each no more than is left', async () => {
    const first = START_MS / DAY_MS;
    driver.answer(executed => {
      if (isDay(executed)) return Promise.resolve({ rows: [{ day: first }, { day: first + 1 }, { day: first + 3 }] });
      const limit = Number(executed.params[4]);
      const report = Buffer.from('00000000000000000100', 'hex');
      const rows = Array.from({ length: Math.min(2, limit) }, (_, i) => ({
        time: 5n,
        boot: 1n,
        seq: BigInt(i),
        report,
      }));
      return Promise.resolve({ rows });
    });
    let count = 0;
    for await (const _ of table().ofVehicle('car-1', { fromMs: START_MS, limit: 5, reverse: true })) count++;
    assert.equal(count, 5);
    const reads = driver.executed.filter(one => !isDay(one));
    assert.deepEqual(
      reads.map(({ params }) => [params[1], params[4]]),
      [
        [first + 3, 5],
        [first + 1, 3],
        [first, 1],
      ],
    );
    assert.ok(reads.every(({ cql }) => cql.includes('ORDER BY time DESC, boot DESC, seq DESC')));
  });
});
