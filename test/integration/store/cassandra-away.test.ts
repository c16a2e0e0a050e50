import assert from 'node:assert/strict';
import { systemClock, systemTimers, type Timers } from '../../../common/clock.js';
import { silentLog } from '../../../common/log.js';
import { hostHealth, type StoreHealth } from '../../../protocol/api/vmd.js';
import { openSession, type CassandraSession } from '../../../store/cassandra/session.js';
import { CassandraTwinStore } from '../../../store/cassandra/twin-store.js';
import { eventually } from '../../fakes/eventually.js';
import { driverError, fakeDriver, type Executed, type FakeDriver } from '../../fakes/fake-driver.js';
import { openScene, type Car, type Scene } from '../vmd/scene.js';

const CARS = 40;
/** Reports that a host takes before one of them is on disk: fewer than there are cars. */
const QUEUE = 16;
/** Two requests a report (its row, its day), and live cells of 32 vehicles at once. */
const REQUESTS = 2 * QUEUE + 32;

/** Attempts to connect are seconds apart. */
const hasty: Timers = { ...systemTimers, after: (ms, run) => systemTimers.after(ms / 10, run) };

describe('a vMD host under load whose Cassandra is away for long', function () {
  let driver: FakeDriver;
  let reachable: boolean;
  let session: CassandraSession;
  let store: CassandraTwinStore;
  let scene: Scene;
  let cars: Car[];
  let health: StoreHealth;
  const held: ((error?: Error) => void)[] = [];

  const open = async (there: boolean): Promise<void> => {
    driver = fakeDriver();
    reachable = there;
    health = { state: 'connecting', sinceMs: 0, replication: [] };
    session = await openSession(
      { contactPoints: ['127.0.0.1'], datacentre: 'edge-1', keyspace: 'fleet' },
      {
        ...{ clock: systemClock, timers: hasty, random: Math.random, log: silentLog },
        onState: ({ at: state, ...rest }) => (health = { replication: [], state, ...rest }),
        connect: () => (reachable ? Promise.resolve(driver) : Promise.reject(driverError('NoHostAvailableError'))),
      },
    );
    store = new CassandraTwinStore({ domain: 'edge-1', session, clock: systemClock, ack: 'local' });
    scene = await openScene({
      ...{ store, slots: CARS, storeHealth: () => health },
      settings: { 'ingest.queueMax': QUEUE },
    });
    cars = await Promise.all(Array.from({ length: CARS }, (_, index) => scene.car(index)));
    for (const { vehicle, number } of cars) await scene.command(vehicle, 'prepare', 1, { number });
  };
  afterEach(async () => {
    await scene[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  });

  /** All cars at once; how their reports were answered, each code so many times. */
  const round = async (seq: number, onAnswer: () => void = () => undefined): Promise<Record<string, number>> => {
    const codes: Record<string, number> = {};
    await Promise.all(
      cars.map(async car => {
        const { code } = await car.report(seq);
        codes[code] = (codes[code] ?? 0) + 1;
        onAnswer();
      }),
    );
    return codes;
  };
  /** As many as the queue holds: the others come again. */
  const acknowledges = async (seq: number): Promise<boolean> => ((await round(seq))['2.04'] ?? 0) >= QUEUE;
  const told = async (): Promise<StoreHealth | undefined> =>
    (await scene.control.call('GET', '/v1/health', { answer: hostHealth })).store;
  const atRest = (): void => assert.deepEqual(session.load, { running: 0, waiting: 0 });

  it('from the start: every report is refused at once, nothing is kept, and its health says so', async () => {
    await open(false);
    for (let seq = 1; seq <= 20; seq++) {
      assert.deepEqual(await round(seq), { '5.03': CARS });
      atRest();
    }
    const said = await told();
    assert.equal(said?.state, 'connecting');
    assert.match(said?.reason ?? '', /STORE_AWAY: .*NoHostAvailableError/);
    reachable = true;
    await eventually('it is there', () => health.state === 'ready');
    await eventually('reports are acknowledged', () => acknowledges(21));
  });

  it('in the middle, without an answer: so many requests wait and no more, and its health says so', async () => {
    await open(true);
    await eventually('reports are acknowledged', () => acknowledges(1));
    const hang = (): Promise<{ rows: [] }> =>
      new Promise((resolve, reject) => {
        held.push(error => (error === undefined ? resolve({ rows: [] }) : reject(error)));
      });
    driver.answer((_: Executed) => hang());
    for (let seq = 2; seq <= 12; seq++) {
      let answered = 0;
      const asked = round(seq, () => answered++);
      await eventually('what is more than the queue holds is refused', () => answered === CARS - QUEUE);
      const { running, waiting } = session.load;
      assert.ok(running + waiting >= QUEUE && running + waiting <= REQUESTS, `${running} and ${waiting}`);
      // What comes while the others fail is held as well.
      const failing = setInterval(() => {
        for (const settle of held.splice(0)) settle(driverError('OperationTimedOutError'));
      }, 5);
      assert.deepEqual(await asked, { '5.03': CARS });
      clearInterval(failing);
    }
    const said = await told();
    assert.deepEqual([said?.state, /OperationTimedOutError/.test(said?.reason ?? '')], ['away', true]);
    driver.answer(() => Promise.resolve({ rows: [] }));
    for (const settle of held.splice(0)) settle();
    await eventually('nothing waits', () => session.load.running + session.load.waiting === 0);
    await eventually('reports are acknowledged', () => acknowledges(13));
    assert.equal((await told())?.state, 'ready');
  });
});
