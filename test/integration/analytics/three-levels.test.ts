import assert from 'node:assert/strict';
import { createServer } from 'coap';
import { HttpClient } from '../../../protocol/api/http-client.js';
import { signalRead, signalReads, vehicleDetail } from '../../../protocol/api/analytics.js';
import type { SignalAnswer } from '../../../protocol/api/vmd.js';
import { liveFromReport } from '../../../store/join.js';
import type { TwinStore } from '../../../store/types.js';
import { startAnalytics } from '../../fakes/analytics-under-test.js';
import { until } from '../../fakes/eventually.js';
import { FakeManager, vehicleOf } from '../../fakes/fake-manager.js';
import { rowOf } from '../../fakes/recorded-reports.js';

const SPEED = '/v1/vehicles/car-1/signals/Vehicle.OBD.Speed';
const AWAY = 'http://127.0.0.1:9';

interface FakeHost extends AsyncDisposable {
  readonly port: number;
  /** URLs it was asked for. */
  readonly asked: string[];
}

/** A vMD host that is asked over CoAP, by an independent implementation. */
async function fakeHost(
  answer: (url: string) => SignalAnswer | string,
  held: Promise<void> = Promise.resolve(),
): Promise<FakeHost> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url);
    const found = answer(request.url);
    if (typeof found === 'string') {
      response.code = found;
      response.end();
      return;
    }
    response.setOption('Content-Format', 'application/json');
    void held.then(() => response.end(JSON.stringify(found)));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = (server as unknown as { _sock: { address(): { port: number } } })._sock.address();
  return { port, asked, [Symbol.asyncDispose]: () => new Promise<void>(done => server.close(() => done())) };
}

const at = (port: number) =>
  vehicleOf('car-1', {
    host: { host: 'edge-1/1', domain: 'edge-1', address: '127.0.0.1', port, control: 'http://127.0.0.1:1' },
  });

const fromCar = (over: Partial<SignalAnswer> = {}): SignalAnswer => ({
  value: 88,
  timeMs: Date.now(),
  ageMs: 12,
  source: 'measured',
  provisional: false,
  stale: false,
  complete: true,
  ...over,
});

const storedSpeed = (ageMs: number) => async (store: TwinStore) => {
  const timeMs = Date.now() - ageMs;
  const report = { vehicle: 'car-1', boot: 1, seq: 1, timeMs, samples: [{ name: 'spd', value: 50, timeMs }] };
  await store.append([rowOf(report)]);
  await store.putLive('car-1', liveFromReport(report, timeMs, Date.now()));
};

describe('a read through the three levels', () => {
  it('is answered by the store while its value is fresh enough, and nobody else is asked', async () => {
    await using host = await fakeHost(() => fromCar());
    await using manager = await FakeManager.open();
    manager.vehicles = [at(host.port)];
    await using analytics = await startAnalytics({ managerUrl: manager.url, seed: storedSpeed(2_000) });
    await using client = new HttpClient(analytics.url);
    const read = await client.call('GET', `${SPEED}?maxAge=600&explain=1`, { answer: signalRead });
    assert.deepEqual(
      [read.value, read.level, read.source, read.stale, read.unit],
      [50, 'store', 'stored', false, 'km/h'],
    );
    assert.deepEqual(
      read.explain?.map(({ level, asked }) => [level, asked]),
      [
        ['store', true],
        ['twin', false],
        ['device', false],
      ],
    );
    assert.deepEqual(host.asked, []);
  });

  it('asks the twin at its host’s own address when the stored value is too old, and tells that the car answered', async () => {
    await using host = await fakeHost(() => fromCar({ explain: 'the twin’s value was 9 s old' }));
    await using manager = await FakeManager.open();
    manager.vehicles = [at(host.port)];
    await using analytics = await startAnalytics({ managerUrl: manager.url, seed: storedSpeed(60_000) });
    await using client = new HttpClient(analytics.url);
    const read = await client.call('GET', `${SPEED}?maxAge=1.5&timeout=5000&explain=1`, { answer: signalRead });
    assert.deepEqual([read.value, read.level, read.source, read.stale], [88, 'device', 'measured', false]);
    assert.deepEqual(host.asked, ['/v/car-1/s/Vehicle.OBD.Speed?maxAge=1.5&timeout=4000']);
    assert.deepEqual(
      read.explain?.map(({ asked }) => asked),
      [true, true, true],
    );
    assert.equal(read.explain?.[2]?.why, 'the twin’s value was 9 s old');
  });

  it('is not stale where the car was asked for it just now, whatever maxAge was', async () => {
    await using host = await fakeHost(() => fromCar());
    await using manager = await FakeManager.open();
    manager.vehicles = [at(host.port)];
    await using analytics = await startAnalytics({ managerUrl: manager.url, seed: storedSpeed(60_000) });
    await using client = new HttpClient(analytics.url);
    const read = await client.call('GET', `${SPEED}?maxAge=0`, { answer: signalRead });
    assert.deepEqual([read.level, read.ageMs, read.stale], ['device', 12, false]);
  });

  it('passes on what the twin says of itself: its cache, provisional, incomplete', async () => {
    await using host = await fakeHost(() =>
      fromCar({ source: 'twin-cache', provisional: true, complete: false, ageMs: 900 }),
    );
    await using manager = await FakeManager.open();
    manager.vehicles = [at(host.port)];
    await using analytics = await startAnalytics({ managerUrl: manager.url });
    await using client = new HttpClient(analytics.url);
    const read = await client.call('GET', `${SPEED}?maxAge=5`, { answer: signalRead });
    assert.deepEqual([read.level, read.source, read.provisional, read.complete], ['twin', 'twin-cache', true, false]);
    assert.equal(read.explain, undefined);
  });

  it('falls back on the stored value, marked stale, where the manager is away', async () => {
    await using analytics = await startAnalytics({ managerUrl: AWAY, seed: storedSpeed(60_000) });
    await using client = new HttpClient(analytics.url);
    const read = await client.call('GET', `${SPEED}?maxAge=1&explain=1`, { answer: signalRead });
    assert.deepEqual([read.value, read.level, read.stale], [50, 'store', true]);
    assert.match(read.explain?.[1]?.why ?? '', /no answer: UPSTREAM_AWAY/);
  });

  it('falls back on the stored value where the twin’s host does not answer in time', async () => {
    await using manager = await FakeManager.open();
    manager.vehicles = [at(9)];
    await using analytics = await startAnalytics({ managerUrl: manager.url, seed: storedSpeed(60_000) });
    await using client = new HttpClient(analytics.url);
    const read = await client.call('GET', `${SPEED}?maxAge=1&timeout=100&explain=1`, { answer: signalRead });
    assert.deepEqual([read.value, read.stale], [50, true]);
    assert.match(read.explain?.[1]?.why ?? '', /COAP_(TIMEOUT|RESET)/);
  });

  it('fails by name where nothing is stored and the twin has nothing, or talks nonsense', async () => {
    let answer: SignalAnswer | string = '4.04';
    await using host = await fakeHost(() => answer);
    await using manager = await FakeManager.open();
    manager.vehicles = [at(host.port)];
    await using analytics = await startAnalytics({ managerUrl: manager.url });
    await using client = new HttpClient(analytics.url);
    await assert.rejects(client.call('GET', SPEED), { code: 'SIGNAL_NO_VALUE' });
    answer = { nonsense: true } as unknown as SignalAnswer;
    await assert.rejects(client.call('GET', SPEED), { code: 'UPSTREAM_REFUSED' });
    answer = '5.00';
    await assert.rejects(client.call('GET', SPEED), { code: 'UPSTREAM_REFUSED' });
    await assert.rejects(client.call('GET', '/v1/vehicles/car-2/signals/Vehicle.OBD.Speed'), {
      code: 'VEHICLE_UNKNOWN',
    });
  });

  it('is one question to the car for many readers at once', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>(resolve => (release = resolve));
    await using host = await fakeHost(() => fromCar(), held);
    await using manager = await FakeManager.open();
    manager.vehicles = [at(host.port)];
    await using analytics = await startAnalytics({ managerUrl: manager.url, seed: storedSpeed(60_000) });
    await using client = new HttpClient(analytics.url, { connections: 50 });
    const reads = Promise.all(
      Array.from({ length: 50 }, () => client.call('GET', `${SPEED}?maxAge=1&timeout=9000`, { answer: signalRead })),
    );
    await until(async () => {
      const text = await (await fetch(`${analytics.url}/metrics`)).text();
      return /analytics_reads_shared_total 49/.test(text) ? true : undefined;
    });
    release();
    assert.deepEqual(new Set((await reads).map(({ value }) => value)), new Set([88]));
    assert.equal(host.asked.length, 1);
  });

  it('leaves a car alone that did not answer, until it reports again', async () => {
    const asleep = {
      source: 'twin-cache',
      ageMs: 60_000,
      explain: 'COAP_TIMEOUT: the peer did not answer in time',
    } as const;
    await using host = await fakeHost(() => fromCar(asleep));
    await using manager = await FakeManager.open();
    manager.vehicles = [at(host.port)];
    await using analytics = await startAnalytics({ managerUrl: manager.url, seed: storedSpeed(60_000) });
    await using client = new HttpClient(analytics.url);
    const read = () => client.call('GET', `${SPEED}?maxAge=1&explain=1`, { answer: signalRead });
    const first = await read();
    assert.deepEqual([first.level, first.stale, first.explain?.[2]?.asked], ['twin', true, true]);
    const second = await read();
    assert.deepEqual([second.level, second.stale, second.explain?.[2]?.asked], ['twin', true, false]);
    assert.match(second.explain?.[2]?.why ?? '', /asleep or out of coverage/);
    // Of the twin what it has was asked, not of the car what it reads.
    assert.deepEqual(
      host.asked.map(url => url.includes('maxAge')),
      [true, false],
    );
    const timeMs = Date.now() - 30_000;
    const report = { vehicle: 'car-1', boot: 1, seq: 2, timeMs, samples: [{ name: 'rpm', value: 900, timeMs }] };
    await analytics.store.append([rowOf(report)]);
    await until(async () => ((await read()).explain?.[2]?.asked ? true : undefined));
  });

  it('asks md-manager again where the twin is no longer at the host that was known', async () => {
    await using old = await fakeHost(() => '5.03');
    await using now = await fakeHost(() => fromCar());
    await using manager = await FakeManager.open();
    manager.vehicles = [at(old.port)];
    await using analytics = await startAnalytics({ managerUrl: manager.url, seed: storedSpeed(60_000) });
    await using client = new HttpClient(analytics.url);
    await until(async () => {
      const { serving } = await client.call('GET', '/v1/vehicles/car-1', { answer: vehicleDetail });
      return serving;
    });
    manager.vehicles = [at(now.port)];
    const read = await client.call('GET', `${SPEED}?maxAge=1`, { answer: signalRead });
    assert.deepEqual([read.value, read.level], [88, 'device']);
  });

  it('reads several signals, and several vehicles, in one question, each with its own age, source or problem', async () => {
    await using host = await fakeHost(url => (url.includes('EngineSpeed') ? '4.04' : fromCar()));
    await using manager = await FakeManager.open();
    manager.vehicles = [at(host.port)];
    await using analytics = await startAnalytics({
      managerUrl: manager.url,
      seed: async store => {
        await storedSpeed(500)(store);
        const timeMs = Date.now() - 60_000;
        const report = { vehicle: 'car-2', boot: 1, seq: 1, timeMs, samples: [{ name: 'spd', value: 20, timeMs }] };
        await store.append([rowOf(report)]);
        await store.putLive('car-2', liveFromReport(report, timeMs, Date.now()));
      },
    });
    await using client = new HttpClient(analytics.url);
    const paths = 'paths=Vehicle.OBD.Speed,Vehicle.OBD.EngineSpeed';
    const batch = await client.call('GET', `/v1/vehicles/car-1/signals?${paths}&maxAge=30`, { answer: signalReads });
    assert.deepEqual(
      batch.reads.map(({ path, value, level, provisional, complete }) => [path, value, level, provisional, complete]),
      [['Vehicle.OBD.Speed', 50, 'store', false, true]],
    );
    assert.deepEqual(
      batch.problems.map(({ path, problem }) => [path, problem.code]),
      [['Vehicle.OBD.EngineSpeed', 'SIGNAL_NO_VALUE']],
    );
    const all = await client.call('GET', '/v1/vehicles/car-1/signals?explain=1', { answer: signalReads });
    assert.deepEqual([all.reads.length, all.reads[0]?.explain?.length], [1, 3]);
    const fleet = await client.call('GET', '/v1/fleet/signals?paths=Vehicle.OBD.Speed&maxAge=30&timeout=500', {
      answer: signalReads,
    });
    assert.deepEqual(
      fleet.reads.map(({ vehicle, value, level, stale }) => [vehicle, value, level, stale]),
      [
        ['car-1', 50, 'store', false],
        // Nobody knows its host: what is stored is the answer, and says that it is older than asked for.
        ['car-2', 20, 'store', true],
      ],
    );
    const some = await client.call('GET', '/v1/fleet/signals?paths=Vehicle.OBD.Speed&vehicles=car-2', {
      answer: signalReads,
    });
    assert.deepEqual(
      some.reads.map(({ vehicle }) => vehicle),
      ['car-2'],
    );
    for (const [path, code] of [
      ['/v1/fleet/signals?paths=Vehicle.OBD.Speed&vehicles=nobody', 'VEHICLE_UNKNOWN'],
      ['/v1/fleet/signals?paths=spd', 'SIGNAL_UNKNOWN'],
      ['/v1/fleet/signals', 'REQUEST_INVALID'],
      ['/v1/vehicles/nobody/signals', 'VEHICLE_UNKNOWN'],
    ] as const)
      await assert.rejects(client.call('GET', path), { code });
  });
});
