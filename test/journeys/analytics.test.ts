import assert from 'node:assert/strict';
import { HttpClient } from '../../protocol/api/http-client.js';
import { counts, fleet, handovers, ledger, liveValues, signalRead } from '../../protocol/api/analytics.js';
import { handoverCounts, handoverRecord, type HandoverRecord } from '../../protocol/api/md-manager.js';
import { Journey } from './harness.js';

const SPEED = '/v1/vehicles/car-1/signals/Vehicle.OBD.Speed';

describe('what analytics says of a running system', () => {
  let journey: Journey;
  let analytics: HttpClient;
  const read = (query: string) => analytics.call('GET', `${SPEED}?${query}&explain=1`, { answer: signalRead });
  const asked = ({ explain }: Awaited<ReturnType<typeof read>>) =>
    explain?.flatMap(({ level, asked: wasAsked }) => (wasAsked ? [level] : []));

  before(async () => {
    journey = await Journey.open({ cars: 2 });
    analytics = new HttpClient(journey.system.urls.analytics);
    await journey.moveTo(0, 'edge-1');
    await journey.actsIn(0, 'edge-1');
    await journey.until('analytics has a report of car-1', async () => {
      const { vehicles } = await analytics.call('GET', '/v1/fleet', { answer: fleet });
      return vehicles.some(({ vehicle, stored }) => vehicle === 'car-1' && stored > 3);
    });
  });
  after(async () => {
    await analytics?.[Symbol.asyncDispose]();
    await journey?.[Symbol.asyncDispose]();
  });

  it('a read that accepts any age is answered by the store', async () => {
    const answer = await read('maxAge=3600');
    assert.deepEqual([answer.level, answer.source, answer.stale], ['store', 'stored', false]);
    assert.deepEqual(asked(answer), ['store']);
  });

  it('a read that accepts no age at all goes through twin and network to the car', async () => {
    const answer = await journey.until('the car answers', async () => {
      const found = await read('maxAge=0&timeout=5000');
      return found.level === 'device' && found;
    });
    assert.deepEqual([answer.source, answer.stale, answer.provisional], ['measured', false, false]);
    assert.deepEqual(asked(answer), ['store', 'twin', 'device']);
    const { acting } = (await journey.vehicle(0))!;
    assert.ok(answer.explain?.[1]?.why.includes(acting!.host), JSON.stringify(answer.explain));
    const metrics = await (await fetch(`${analytics.url}/metrics`)).text();
    assert.match(metrics, /^coap_datagrams_total\{.*direction="out".*\} [1-9]/m);
  });

  it('without the car in reach the last value comes, with its age, marked stale, and says why', async () => {
    await journey.move(0, null);
    const answer = await journey.until('an older value', async () => {
      const found = await read('maxAge=0.2&timeout=500');
      return found.level !== 'device' && (found.ageMs ?? 0) > 200 && found;
    });
    assert.equal(answer.stale, true);
    assert.notEqual(answer.source, 'measured');
    assert.match(JSON.stringify(answer.explain), /older than maxAge/);
    assert.match(JSON.stringify(answer.explain), /COAP_TIMEOUT|no answer|did not answer/);
    await journey.moveTo(0, 'edge-1');
    await journey.acknowledges(0);
  });

  it('the stream tells live values and every phase of a hand-over as md-manager tells it', async () => {
    const stop = new AbortController();
    const told: HandoverRecord[] = [];
    let values = 0;
    let first = '';
    const following = (async () => {
      for await (const { event, data } of analytics.events('/v1/stream?vehicle=car-1', stop.signal)) {
        first ||= event;
        if (event === 'values' && liveValues.parse(JSON.parse(data)).vehicle === 'car-1') values++;
        if (event === 'handover') told.push(handoverRecord.parse(JSON.parse(data)));
      }
    })().catch((error: unknown) => {
      if (!stop.signal.aborted) throw error;
    });
    await journey.until('the stream is open', async () => Promise.resolve(first !== ''));
    await journey.moveTo(0, 'edge-2');
    await journey.actsIn(0, 'edge-2');
    const last = await journey.until('the end of the hand-over is told', async () =>
      Promise.resolve(told.find(({ toDomain, result }) => toDomain === 'edge-2' && result === 'completed')),
    );
    await journey.until('values go on', async () => Promise.resolve(values > 2));
    stop.abort();
    await following;
    assert.equal(first, 'fleet');
    assert.deepEqual(
      last,
      (await journey.handovers()).find(({ id }) => id === last.id),
    );
    assert.ok(told.some(({ id, result }) => id === last.id && result === 'running'));
  });

  it('while md-manager is killed the last hand-overs stay, and the next one is followed', async () => {
    const before = (await journey.handovers()).length;
    const restarted = journey.system.supervisor.restarted('md-manager');
    journey.system.supervisor.kill('md-manager', 'SIGKILL');
    const meanwhile = await analytics.call('GET', '/v1/handovers', { answer: handovers });
    assert.equal(meanwhile.handovers.length, before);
    await restarted;
    await journey.acknowledges(0);
    const back = await journey.until('analytics follows the next manager', async () => {
      const found = await analytics.call('GET', '/v1/counts', { answer: counts });
      return found.sources.manager.state === 'here' && found.handovers;
    });
    assert.ok(back.completed > 0);
    const { vehicles } = await analytics.call('GET', '/v1/fleet', { answer: fleet });
    assert.equal(vehicles.length, 2);
    assert.equal((await journey.handovers()).length, before);
  });

  it('at the end its counts are those of the audit and of md-manager', async () => {
    const outcome = await journey.endsClean();
    const manager = await journey.manager.call('GET', '/v1/handovers/counts', { answer: handoverCounts });
    const { stored, lost, duplicated, dropped } = outcome.reports;
    const said = await journey.until('analytics has read all', async () => {
      const found = await analytics.call('GET', '/v1/counts', { answer: counts });
      return found.reports.stored === stored && found.reports.awaited === 0 && found;
    });
    assert.deepEqual(said.reports, { stored, lost, duplicated, dropped, awaited: 0 });
    assert.deepEqual(said.handovers, manager);
    const ofCar = await analytics.call('GET', '/v1/ledger?vehicle=car-1', { answer: ledger });
    const records = (await journey.handovers()).filter(({ vehicle }) => vehicle === 'car-1');
    assert.deepEqual(ofCar.handovers, records);
  });
});
