import assert from 'node:assert/strict';
import { silentLog } from '../../../../common/log.js';
import { fault } from '../../../../protocol/errors.js';
import { statement } from '../../../../store/cassandra/consistency.js';
import { openSession, type CassandraSession, type SessionState } from '../../../../store/cassandra/session.js';
import { fakeClock, type FakeClock } from '../../../fakes/fake-clock.js';
import { driverError, fakeDriver, type FakeDriver } from '../../../fakes/fake-driver.js';

const SETTINGS = { contactPoints: ['127.0.0.1'], datacentre: 'edge-1', keyspace: 'fleet' };
const READ = statement('live.read', 'SELECT signal, cell FROM {twin}.twin_live WHERE vehicle = ?');
const WRITE = statement('history.append', 'INSERT INTO {twin}.report_history (vehicle) VALUES (?)');
const CAS = { ...WRITE, kind: 'cas', serial: 'SERIAL', consistency: 'QUORUM' } as const;
const NODE = { address: '127.0.0.1:9042', datacentre: 'edge-1' };
const settle = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

describe('a session on Cassandra', () => {
  let clock: FakeClock;
  let driver: FakeDriver;
  let session: CassandraSession;
  let states: SessionState[];
  /** What connecting comes to, attempt by attempt; afterwards it succeeds. */
  let failures: Error[];
  let attempts: number;
  const open = (): Promise<CassandraSession> =>
    openSession(SETTINGS, {
      clock,
      timers: clock,
      random: () => 0.5,
      log: silentLog,
      onState: state => states.push(state),
      connect: () => {
        attempts++;
        const failure = failures.shift();
        return failure === undefined ? Promise.resolve(driver) : Promise.reject(failure);
      },
    });
  const names = (): string[] => states.map(({ at }) => at);
  beforeEach(() => {
    clock = fakeClock();
    driver = fakeDriver();
    states = [];
    failures = [];
    attempts = 0;
  });
  afterEach(() => session[Symbol.asyncDispose]());

  it('asks with the consistency, time and keyspace of the statement, prepared', async () => {
    session = await open();
    driver.answer(() => Promise.resolve({ rows: [{ signal: 'spd' }] }));
    assert.deepEqual(await session.run(READ, ['car-1']), [{ signal: 'spd' }]);
    assert.deepEqual(driver.executed, [
      {
        cql: 'SELECT signal, cell FROM fleet_twin.twin_live WHERE vehicle = ?',
        params: ['car-1'],
        options: { consistency: 'LOCAL_QUORUM', timeoutMs: 2_000, prepare: true, repeatable: true },
      },
    ]);
  });

  it('lets the driver repeat everything but a lightweight transaction', async () => {
    session = await open();
    await session.run(WRITE, []);
    await session.run(CAS, []);
    assert.deepEqual(
      driver.executed.map(({ options }) => [options.repeatable, options.serial]),
      [
        [true, undefined],
        [false, 'SERIAL'],
      ],
    );
  });

  it('opens though the cluster is away, says so, tries again less and less often, and is ready when it is there', async () => {
    failures = Array.from({ length: 4 }, () => driverError('NoHostAvailableError'));
    session = await open();
    assert.equal(session.state.at, 'connecting');
    await assert.rejects(session.run(READ, []), { code: 'STORE_AWAY' });
    await assert.rejects(session.run(WRITE, []), { code: 'STORE_AWAY' });
    for (const [ms, tried] of [
      [249, 1],
      [1, 2],
      [499, 2],
      [1, 3],
      [1_000, 4],
      [2_000, 5],
    ] as const) {
      await clock.advance(ms);
      assert.equal(attempts, tried);
    }
    await settle();
    assert.equal(session.state.at, 'ready');
    assert.deepEqual(names(), ['connecting', 'ready']);
    await session.run(WRITE, []);
  });

  it('does not go on trying with a file that cannot be read', async () => {
    failures = [fault('CONFIG_INVALID', 'no such file')];
    await assert.rejects(open(), { code: 'CONFIG_INVALID' });
    assert.equal(clock.pending, 0);
    session = await open();
  });

  it('refuses every write to nodes with periodic commit logs, by name, and reads on', async () => {
    driver.setNode({ ...NODE, up: true }, 'periodic');
    session = await open();
    assert.equal(session.state.at, 'refusing');
    await assert.rejects(session.run(WRITE, []), {
      code: 'STORE_NOT_DURABLE',
      message: /127\.0\.0\.1:9042 is periodic/,
    });
    await assert.rejects(session.run(CAS, []), { code: 'STORE_NOT_DURABLE' });
    assert.equal(driver.executed.length, 0, 'nothing was sent');
    await session.run(READ, []);
  });

  it('goes on by itself once they have other ones', async () => {
    driver.setNode({ ...NODE, up: true }, 'periodic');
    session = await open();
    driver.setNode({ ...NODE, up: true }, 'group');
    await clock.advance(2_000);
    assert.equal(session.state.at, 'ready');
    await session.run(WRITE, []);
  });

  it('asks only the nodes of its own datacentre for that', async () => {
    driver.setNode({ address: '127.0.0.2:9042', datacentre: 'edge-2', up: true }, 'periodic');
    session = await open();
    assert.equal(session.state.at, 'ready');
  });

  it('writes nothing to a node that came back before it knows its setting', async () => {
    session = await open();
    driver.setNode({ ...NODE, up: false });
    await settle();
    assert.equal(session.state.at, 'away');
    await assert.rejects(session.run(WRITE, []), { code: 'STORE_AWAY' });
    driver.setNode({ ...NODE, up: true }, 'periodic');
    await assert.rejects(session.run(WRITE, []), { code: 'STORE_AWAY' });
    await settle();
    await assert.rejects(session.run(WRITE, []), { code: 'STORE_NOT_DURABLE' });
    assert.equal(driver.executed.length, 0);
  });

  it('is away while requests fail for want of nodes, and ready with the first that does not', async () => {
    session = await open();
    driver.answer(() => Promise.reject(driverError('OperationTimedOutError')));
    await assert.rejects(session.run(WRITE, []), { code: 'STORE_AWAY' });
    assert.equal(session.state.at, 'away');
    driver.answer(() => Promise.resolve({ rows: [] }));
    await session.run(WRITE, []);
    assert.deepEqual(names(), ['ready', 'away', 'ready']);
  });

  for (const [name, code, ours] of [
    ['NoHostAvailableError', undefined, 'STORE_AWAY'],
    ['BusyConnectionError', undefined, 'STORE_AWAY'],
    ['ResponseError', 0x1000, 'STORE_AWAY'],
    ['ResponseError', 0x1100, 'STORE_AWAY'],
    ['ResponseError', 0x1200, 'STORE_AWAY'],
    ['ResponseError', 0x2200, 'STORE_FAILED'],
    ['ResponseError', 0x2100, 'STORE_FAILED'],
    ['ArgumentError', undefined, 'STORE_FAILED'],
  ] as const)
    it(`tells ${name} ${code?.toString(16) ?? ''} as ${ours}`, async () => {
      session = await open();
      driver.answer(() => Promise.reject(driverError(name, code)));
      await assert.rejects(session.run(READ, []), { code: ours });
    });

  it('has at most so many requests with the cluster, lets others wait, in order, and refuses what is too much', async () => {
    session = await open();
    const answers: (() => void)[] = [];
    driver.answer(() => new Promise(resolve => answers.push(() => resolve({ rows: [] }))));
    const all = Array.from({ length: 256 + 100_000 }, (_, i) => session.run(READ, [i]));
    await settle();
    assert.deepEqual(session.load, { running: 256, waiting: 100_000 });
    await assert.rejects(session.run(READ, []), { code: 'STORE_FAILED', message: /100000 requests wait/ });
    while (answers.length > 0 || session.load.waiting > 0) {
      for (const answer of answers.splice(0)) answer();
      await settle();
    }
    await Promise.all(all);
    assert.deepEqual(session.load, { running: 0, waiting: 0 });
    assert.deepEqual(
      driver.executed.map(({ params }) => params[0]),
      Array.from(all, (_, i) => i),
    );
  });

  it('gives the place of a request that failed to the next', async () => {
    session = await open();
    driver.answer(() => Promise.reject(driverError('OperationTimedOutError')));
    await Promise.allSettled(Array.from({ length: 3_000 }, () => session.run(READ, [])));
    assert.deepEqual(session.load, { running: 0, waiting: 0 });
  });

  it('reads page by page, and no further than it is asked to', async () => {
    session = await open();
    driver.answer(({ options }) => {
      const page = Number(options.pageState ?? '0');
      return Promise.resolve({
        rows: [{ n: 2 * page }, { n: 2 * page + 1 }],
        ...(page < 2 ? { pageState: String(page + 1) } : {}),
      });
    });
    const found: unknown[] = [];
    for await (const { n } of session.pages(READ, [])) found.push(n);
    assert.deepEqual(found, [0, 1, 2, 3, 4, 5]);
    driver.executed.length = 0;
    for await (const { n } of session.pages(READ, [])) if (n === 1) break;
    assert.equal(driver.executed.length, 1);
  });

  it('closes what it opened, also what is connected only afterwards, and leaves no timer', async () => {
    session = await open();
    await session[Symbol.asyncDispose]();
    assert.equal(driver.closed, true);
    await assert.rejects(session.run(READ, []), { code: 'STORE_AWAY' });
    failures = [driverError('NoHostAvailableError')];
    session = await open();
    await session[Symbol.asyncDispose]();
    assert.equal(clock.pending, 0);
  });
});
