import assert from 'node:assert/strict';
import { commandText } from '../../../protocol/api/commands.js';
import { drainAnswer, hostHealth, hostNetwork, leaseAnswer, settingsAnswer } from '../../../protocol/api/vmd.js';
import { META } from '../../../protocol/report.js';
import { eventually } from '../../fakes/eventually.js';
import { answerOf, openScene, text, type Scene } from './scene.js';

const SPEED = 's/Vehicle.OBD.Speed';
const LEASE = { leaseMs: 60_000 };

describe('the control of a vmd host', () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await openScene();
  });
  afterEach(() => scene[Symbol.asyncDispose]());

  it('hands its state over, and the next twin goes on from it', async () => {
    const car = await scene.car(0);
    await scene.command(car.vehicle, 'prepare', 1, { number: car.number });
    await scene.command(car.vehicle, 'activate', 1, LEASE);
    for (const seq of [1, 2, 3]) await car.report(seq);
    const { digest } = drainAnswer.parse(await scene.command(car.vehicle, 'drain', 2, { graceMs: 0 }));
    assert.deepEqual(digest.ranges, [{ boot: 1, ranges: [[1, 3]] }]); // prettier-ignore
    assert.deepEqual(digest.cells.map(({ signal, seq }) => [signal, seq]), [['spd', 3]]); // prettier-ignore

    await using next = await openScene();
    await next.command(car.vehicle, 'prepare', 2, { number: car.number, digest });
    const read = answerOf(await next.get(`v/${car.vehicle}/${SPEED}`));
    assert.deepEqual([read.value, read.provisional, read.complete], [3, true, false]);
    await next.store.append(scene.store.rows);
    let complete = false;
    while (!complete) complete = answerOf(await next.get(`v/${car.vehicle}/${SPEED}`)).complete;
    assert.equal(complete, true);
  });

  it('answers a drain only when the reports in flight are durable, and its digest names them', async () => {
    const car = await scene.car(0);
    await scene.command(car.vehicle, 'prepare', 1, { number: car.number });
    scene.store.hold();
    const report = car.report(1);
    await eventually('a report waits for the store', () => scene.store.held > 0);
    let drained = false;
    const drain = scene.command(car.vehicle, 'drain', 2, { graceMs: 0 }).finally(() => (drained = true));
    await scene.control.call('GET', '/v1/health', { answer: hostHealth });
    assert.equal(drained, false);
    scene.store.letGo();
    assert.deepEqual(drainAnswer.parse(await drain).digest.ranges, [{ boot: 1, ranges: [[1, 1]] }]); // prettier-ignore
    assert.equal((await report).code, '2.04');
  });

  it('takes several commands in one request, and a drain that waits for the store holds up no other', async () => {
    const [leaves, comes] = [await scene.car(0), await scene.car(1)];
    await scene.command(leaves.vehicle, 'prepare', 1, { number: leaves.number });
    scene.store.hold();
    const report = leaves.report(1);
    await eventually('a report waits for the store', () => scene.store.held > 0);
    const header = { term: 1, handover: 'h', attempt: 1, epoch: 2, way: 'manager' };
    const commands = [
      commandText('drain', leaves.vehicle, JSON.stringify({ header, graceMs: 0 })),
      commandText('prepare', comes.vehicle, JSON.stringify({ header, number: comes.number })),
      commandText('activate', comes.vehicle, JSON.stringify({ header: { ...header, epoch: 1 }, ...LEASE })),
      commandText('activate', comes.vehicle, JSON.stringify({ header, ...LEASE })),
    ];
    const told = new Map<number, unknown>();
    const all = scene.control.commands(commands, (at, outcome) => {
      told.set(at, 'error' in outcome ? outcome.error.code : outcome.answer);
    });
    await eventually('three are answered', () => told.size === 3);
    const others = [1, 2, 3].map(at => told.get(at));
    assert.deepEqual(others, [{ slot: 1, state: 'reserved' }, 'EPOCH_STALE', { slot: 1, state: 'assigned' }]);
    scene.store.letGo();
    await all;
    assert.deepEqual(drainAnswer.parse(told.get(0)).digest.ranges, [{ boot: 1, ranges: [[1, 1]] }]); // prettier-ignore
    assert.equal((await report).code, '2.04');
    // Said again, as after an answer that was lost: nothing changes.
    const again = new Map<number, boolean>();
    await scene.control.commands(commands, (at, outcome) => void again.set(at, 'answer' in outcome));
    assert.deepEqual([0, 1, 2, 3].map(at => again.get(at)), [true, true, false, true]); // prettier-ignore
  });

  it('tells of the first report of each preparation and of the end of a drain, also to who comes later', async () => {
    const car = await scene.car(0);
    const events = scene.events();
    await scene.command(car.vehicle, 'prepare', 1, { number: car.number });
    await car.report(1);
    await car.report(2);
    await scene.command(car.vehicle, 'drain', 3, { graceMs: 1 });
    const seen = [(await events.next()).value, (await events.next()).value];
    assert.deepEqual(
      seen.map(event => [event?.type, event?.vehicle, event?.epoch]),
      [
        ['first-report', car.vehicle, 1],
        ['drained', car.vehicle, 3],
      ],
    );
    const late = scene.events();
    assert.deepEqual([(await late.next()).value, (await late.next()).value], seen);
  });

  it('tells the hand-over that a slot was kept for of the reports that came before it', async () => {
    const car = await scene.car(0);
    await scene.command(car.vehicle, 'prepare', 5, { number: car.number, lease: 'l-1' });
    await car.report(1);
    await scene.command(car.vehicle, 'prepare', 6, { number: car.number });
    const event = (await scene.events().next()).value!;
    assert.deepEqual([event.type, event.epoch], ['first-report', 6]);
    const { slots } = await scene.control.call('GET', '/v1/health', { answer: hostHealth });
    assert.deepEqual([slots[0]?.highestEpoch, slots[0]?.reports], [6, 1]);
  });

  it('refuses older epochs and terms, and says who has which slot', async () => {
    const car = await scene.car(0);
    await scene.command(car.vehicle, 'prepare', 5, { number: car.number });
    await assert.rejects(scene.command(car.vehicle, 'prepare', 4, { number: car.number }), { code: 'EPOCH_STALE' });
    await assert.rejects(scene.command(car.vehicle, 'activate', 4, LEASE), { code: 'EPOCH_STALE' });
    await scene.control.call('POST', '/v1/leases', {
      body: { term: 3, leaseMs: 1, vehicles: [] },
      answer: leaseAnswer,
    });
    await assert.rejects(scene.command(car.vehicle, 'activate', 5, LEASE), { code: 'TERM_STALE' });
    await assert.rejects(scene.command('car-none', 'drain', 5, { graceMs: 0 }), { code: 'TERM_STALE' });
    const { slots, stalledMs } = await scene.control.call('GET', '/v1/health', { answer: hostHealth });
    assert.equal(stalledMs, 0);
    assert.deepEqual(slots.map(({ state }) => state), ['reserved', 'ready', 'ready', 'ready']); // prettier-ignore
    assert.deepEqual([slots[0]?.vehicle, slots[0]?.highestEpoch, slots[0]?.actingEpoch], [car.vehicle, 5, undefined]);
    const probed = await scene.control.call('GET', '/v1/health?slots=none', { answer: hostHealth });
    assert.deepEqual([probed.stalledMs, probed.slots], [0, []]);
  });

  it('tells the car its settings while it acts, until the car has said what became of them', async () => {
    const car = await scene.car(0);
    const desire = (version: number) =>
      scene.control.call('PUT', `/v1/slots/${car.vehicle}/settings`, {
        body: { term: 1, version, settings: { batchMax: 2, later: true } },
        answer: settingsAnswer,
      });
    await assert.rejects(desire(1), { code: 'NOT_FOUND' });
    await scene.command(car.vehicle, 'prepare', 1, { number: car.number });
    assert.deepEqual(await desire(1), {});
    assert.equal(text(await car.report(1)), '', 'it does not act yet');
    await scene.command(car.vehicle, 'activate', 1, LEASE);
    const told = { settings: { version: 1, settings: { batchMax: 2, later: true } } };
    assert.deepEqual(JSON.parse(text(await car.report(2))), told);
    const events = scene.events();
    await car.report(3, [{ name: META.settings, value: '1,refused,later: unknown', timeMs: Date.now() }]);
    const reported = { version: 1, result: 'refused', reason: 'later: unknown' } as const;
    for (;;) {
      const { value } = await events.next();
      if (value.type !== 'settings') continue;
      assert.deepEqual([value.vehicle, value.reported], [car.vehicle, reported]);
      break;
    }
    assert.deepEqual(await desire(1), { reported });
    await desire(2);
    assert.equal(JSON.parse(text(await car.report(4))).settings.version, 2);
  });

  it('says which interfaces of its machine leave checksums to hardware, and what was dropped for its checksum', async () => {
    const { checksumErrors, interfaces } = await scene.control.call('GET', '/v1/network', { answer: hostNetwork });
    assert.ok(checksumErrors === 'unknown' || checksumErrors >= 0);
    assert.ok(interfaces.every(({ name }) => name !== 'lo'));
  });

  it('says in its health how a store is that it reaches over the network', async () => {
    assert.equal((await scene.control.call('GET', '/v1/health', { answer: hostHealth })).store, undefined);
    const store = {
      ...({ state: 'away', sinceMs: 17, reason: 'no node' } as const),
      replication: [{ from: 'core', lagMs: 5_000, markerAtMs: 12 }],
    };
    await using far = await openScene({ storeHealth: () => store });
    assert.deepEqual((await far.control.call('GET', '/v1/health?slots=none', { answer: hostHealth })).store, store);
  });

  it('says that it is full', async () => {
    for (const index of [1, 2, 3, 4]) await scene.command(`c-${index}`, 'prepare', 0, { number: index });
    await assert.rejects(scene.command('c-5', 'prepare', 0, { number: 5 }), { code: 'POOL_EMPTY' });
  });
});
