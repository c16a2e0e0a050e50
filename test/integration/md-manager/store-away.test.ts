import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { serviceLease, type ServiceLease } from '../../../protocol/api/md-manager.js';
import { until } from '../../fakes/eventually.js';
import { Lab } from './lab.js';

describe('md-manager whose control store is away or does not tell', function () {
  this.timeout(60_000);
  let lab: Lab;
  beforeEach(async () => {
    lab = await Lab.open();
  });
  afterEach(() => lab[Symbol.asyncDispose]());

  it('starts, says what it waits for, sends everybody away for now, and serves once the store is there', async () => {
    await lab.register('car-1');
    await lab.stop();
    lab.storeFaults.away = true;
    const started = lab.start();
    const url = lab.api.url;
    const waiting = await until(async () => {
      const answer = await fetch(`${url}/readyz`).catch(() => undefined);
      return answer?.status === 503 ? ((await answer.json()) as unknown) : undefined;
    });
    assert.deepEqual(waiting, { status: 'waiting', for: 'the control store' });
    assert.equal((await fetch(`${url}/healthz`)).status, 200);
    await assert.rejects(lab.api.call('POST', '/v1/registrations', { body: {} }), { code: 'AUTHORITY_AWAY' });
    lab.storeFaults.away = false;
    await started;
    // The connection to the API that waited was closed with it.
    await until(() => lab.vehicle('car-1').catch(() => undefined));
    await lab.assertOneTwin('car-1');
  });

  it('goes on when it goes away in the middle, and hands over once it is back', async () => {
    await lab.register('car-1');
    lab.storeFaults.away = true;
    const id = randomUUID();
    await lab.move('car-1', 'edge-1', id);
    await assert.rejects(lab.api.call('GET', '/v1/handovers?limit=1'), { code: 'STORE_AWAY' });
    const readiness = async (): Promise<unknown> => (await fetch(`${lab.api.url}/readyz`)).json();
    assert.deepEqual(await readiness(), { status: 'waiting', for: 'the control store' });
    lab.storeFaults.away = false;
    assert.deepEqual(await readiness(), { status: 'ready' });
    assert.equal((await lab.ended(id)).result, 'completed');
    await lab.assertOneTwin('car-1');
  });

  for (const what of ['applied', 'not applied'] as const) {
    it(`registers a vehicle whose device and owner rows are ${what}, and nobody tells`, async () => {
      lab.storeFaults.unknown.set('insertDevice', [what]).set('insertOwner', [what, what]);
      const { number } = await lab.register('car-1');
      assert.deepEqual([number, (await lab.register('car-1')).number], [number, number]);
      await lab.assertOneTwin('car-1');
      assert.equal((await lab.register('car-2')).number, number + 1);
    });

    it(`hands over by a claim that is ${what}, and nobody tells`, async () => {
      await lab.register('car-1');
      lab.storeFaults.unknown.set('claim', [what, what, what]);
      const id = randomUUID();
      await lab.move('car-1', 'edge-1', id);
      assert.equal((await lab.ended(id)).result, 'completed');
      await lab.assertOneTwin('car-1');
      const { calls } = lab.storeFaults;
      assert.ok(calls.lastIndexOf('owner') > calls.indexOf('claim'), 'the row was read back');
    });
  }

  it('gives a lease of a service to nobody whom another manager did not give it to', async () => {
    const request = { holder: 'a', url: 'http://127.0.0.1:1', ttlMs: 60_000 };
    const ask = (holder: string): Promise<ServiceLease> =>
      lab.api.call('PUT', '/v1/leases/sdn-app', { body: { ...request, holder }, answer: serviceLease });
    lab.storeFaults.unknown.set('putServiceLease', ['not applied']);
    await assert.rejects(ask('a'), { code: 'STORE_AWAY' });
    // Another manager's: this one knows nothing of it.
    await lab.store.putServiceLease({ service: 'sdn-app', ...request, holder: 'b', term: 1 });
    const { holder, term } = await ask('a');
    assert.deepEqual([holder, term], ['b', 1]);
  });
});
