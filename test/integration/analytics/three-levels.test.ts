import assert from 'node:assert/strict';
import { createServer } from 'coap';
import { HttpClient } from '../../../protocol/api/http-client.js';
import { signalRead } from '../../../protocol/api/analytics.js';
import type { SignalAnswer } from '../../../protocol/api/vmd.js';
import { liveFromReport } from '../../../store/join.js';
import type { TwinStore } from '../../../store/types.js';
import { startAnalytics } from '../../fakes/analytics-under-test.js';
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
async function fakeHost(answer: (url: string) => SignalAnswer | string): Promise<FakeHost> {
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
    response.end(JSON.stringify(found));
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
});
