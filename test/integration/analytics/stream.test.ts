import assert from 'node:assert/strict';
import * as api from '../../../protocol/api/analytics.js';
import { HttpClient } from '../../../protocol/api/http-client.js';
import { readEvents, type ServerEvent } from '../../../protocol/api/sse.js';
import { startAnalytics } from '../../fakes/analytics-under-test.js';
import { FakeManager, handoverOf, vehicleOf } from '../../fakes/fake-manager.js';
import { rowOf } from '../../fakes/recorded-reports.js';
import { until } from '../../fakes/eventually.js';

const reportOf = (vehicle: string, seq: number, spd: number) => {
  const timeMs = Date.now();
  return { vehicle, boot: 1, seq, timeMs, samples: [{ name: 'spd', value: spd, timeMs }] };
};

/** The stream as a list that grows, until `stop`. */
function follow(client: HttpClient, path: string) {
  const stop = new AbortController();
  const events: ServerEvent[] = [];
  const ended = (async () => {
    for await (const event of client.events(path, stop.signal)) events.push(event);
  })().catch(() => undefined);
  const next = <T>(event: string, is: (data: T) => boolean = () => true): Promise<T> =>
    until(() =>
      events
        .filter(found => found.event === event)
        .map(({ data }) => JSON.parse(data) as T)
        .find(is),
    );
  return {
    events,
    next,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await ended;
    },
  };
}

describe('the live stream', () => {
  it('begins with the fleet, then tells each new value once', async () => {
    await using manager = await FakeManager.open();
    await using analytics = await startAnalytics({ managerUrl: manager.url });
    await using client = new HttpClient(analytics.url);
    await using stream = follow(client, '/v1/stream');
    assert.deepEqual(api.fleet.parse(await stream.next('fleet')).vehicles, []);
    await analytics.store.append([rowOf(reportOf('car-1', 1, 33))]);
    await analytics.store.putLive('car-1', []);
    await analytics.store.append([rowOf(reportOf('car-2', 1, 44))]);
    manager.vehicles = [vehicleOf('car-1'), vehicleOf('car-2')];
    const values = await stream.next<api.LiveValues>('values', ({ vehicle }) => vehicle === 'car-2');
    api.liveValues.parse(values);
    assert.deepEqual(
      values.values.map(({ path, value, source }) => [path, value, source]),
      [['Vehicle.OBD.Speed', 44, 'stored']],
    );
    await analytics.store.append([rowOf(reportOf('car-2', 2, 45))]);
    await stream.next<api.LiveValues>('values', ({ stored, vehicle }) => vehicle === 'car-2' && stored === 2);
    const ofCar2 = stream.events.filter(({ event, data }) => event === 'values' && data.includes('"car-2"'));
    assert.equal(ofCar2.length, 2);
    const counts = await stream.next<Omit<api.Counts, 'sources'>>('counts', ({ reports }) => reports.stored === 3);
    assert.equal(counts.reports.lost, 0);
  });

  it('tells only of the vehicle that was asked for', async () => {
    await using manager = await FakeManager.open();
    manager.vehicles = [vehicleOf('car-1'), vehicleOf('car-2')];
    await using analytics = await startAnalytics({ managerUrl: manager.url });
    await using client = new HttpClient(analytics.url);
    await using stream = follow(client, '/v1/stream?vehicle=car-2');
    await stream.next('fleet');
    await analytics.store.append([rowOf(reportOf('car-1', 1, 1)), rowOf(reportOf('car-2', 1, 2))]);
    await stream.next<Omit<api.Counts, 'sources'>>('counts', ({ reports }) => reports.stored === 2);
    await stream.next('values');
    assert.ok(!stream.events.some(({ event, data }) => event === 'values' && data.includes('"car-1"')));
  });

  it('tells hand-overs as they happen, and who serves afterwards', async () => {
    await using manager = await FakeManager.open();
    manager.vehicles = [vehicleOf('car-1')];
    await using analytics = await startAnalytics({ managerUrl: manager.url });
    await using client = new HttpClient(analytics.url);
    await using stream = follow(client, '/v1/stream');
    await until(async () => {
      const { vehicles } = await client.call('GET', '/v1/vehicles', { answer: api.vehicleSummaryList });
      return vehicles[0]?.serving?.domain === 'edge-1' || undefined;
    });
    manager.vehicles = [vehicleOf('car-1', { acting: { host: 'edge-2/1', domain: 'edge-2', epoch: 2 } })];
    manager.tell(handoverOf({ startedAtMs: Date.now() }));
    await stream.next<{ id: string }>('handover', ({ id }) => id === 'h-1');
    const moved = await stream.next<api.ServingChanged>('serving', ({ serving }) => serving?.domain === 'edge-2');
    assert.equal(moved.serving?.host, 'edge-2/1');
  });

  it('says when the manager goes away and comes back, and has the hand-overs that it missed', async () => {
    const first = await FakeManager.open();
    const port = Number(new URL(first.url).port);
    await using analytics = await startAnalytics({ managerUrl: first.url });
    await using client = new HttpClient(analytics.url);
    await using stream = follow(client, '/v1/stream');
    await until(async () => {
      const { sources } = await client.call('GET', '/v1/vehicles', { answer: api.vehicleSummaryList });
      return sources.manager.state === 'here' || undefined;
    });
    await first[Symbol.asyncDispose]();
    await stream.next<api.Sources>('sources', ({ manager, nowMs }) => manager.state === 'away' && nowMs > 0);
    await using second = await FakeManager.open(port);
    second.handovers = [handoverOf({ id: 'h-missed', startedAtMs: Date.now() })];
    await stream.next<{ id: string }>('handover', ({ id }) => id === 'h-missed');
    const { sources } = await until(async () => {
      const found = await client.call('GET', '/v1/vehicles', { answer: api.vehicleSummaryList });
      return found.sources.manager.state === 'here' ? found : undefined;
    });
    assert.equal(sources.store.state, 'here');
  });

  it('gives who comes back what was missed, of its vehicle alone, and says so', async () => {
    await using manager = await FakeManager.open();
    manager.vehicles = [vehicleOf('car-1'), vehicleOf('car-2')];
    await using analytics = await startAnalytics({ managerUrl: manager.url });
    await using client = new HttpClient(analytics.url);
    await using all = follow(client, '/v1/stream');
    const store = async (vehicle: string, seq: number): Promise<string> => {
      await analytics.store.append([rowOf(reportOf(vehicle, seq, seq))]);
      await all.next<api.LiveValues>('values', values => values.vehicle === vehicle && values.stored === seq);
      return all.events.findLast(({ event }) => event === 'values')?.id ?? '';
    };
    const left = await store('car-1', 1);
    await store('car-2', 1);
    await store('car-1', 2);
    const back = await resume(analytics.url, '?vehicle=car-1', left, 2);
    const [resumed, ...missed] = back.filter(({ event }) => event !== 'counts' && event !== 'sources');
    assert.equal(resumed?.event, 'resumed');
    const { replayed, events } = api.resumed.parse(JSON.parse(resumed?.data ?? ''));
    assert.deepEqual([replayed, events], [true, back.length - 1]);
    assert.deepEqual(
      missed.map(({ event, data }) => [event, (JSON.parse(data) as api.LiveValues).stored]),
      [['values', 2]],
    );
  });

  it('says to who was away too long that it cannot tell what was missed, and begins anew', async () => {
    await using analytics = await startAnalytics({ managerUrl: 'http://127.0.0.1:9' });
    const back = await resume(analytics.url, '', 'another-17', 2);
    assert.deepEqual(
      back.slice(0, 2).map(({ event }) => event),
      ['resumed', 'fleet'],
    );
    const { replayed, why } = api.resumed.parse(JSON.parse(back[0]?.data ?? ''));
    assert.equal(replayed, false);
    assert.match(why ?? '', /started anew/);
  });
});

/** The first events, at least `count`, of a stream that is opened with a last event id. */
async function resume(url: string, query: string, lastEventId: string, count: number): Promise<ServerEvent[]> {
  const stop = new AbortController();
  const response = await fetch(`${url}/v1/stream${query}`, {
    headers: { 'last-event-id': lastEventId },
    signal: stop.signal,
  });
  const events: ServerEvent[] = [];
  if (response.body === null) return events;
  for await (const event of readEvents(response.body)) {
    events.push(event);
    const told = events[0] === undefined ? 0 : (JSON.parse(events[0].data) as api.Resumed).events;
    if (events.length >= Math.max(count, told + 1)) break;
  }
  stop.abort();
  return events;
}
