import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { apiDocuments } from '../../../lab/docs/api-documents.js';
import { leader, orderList } from '../../../protocol/api/md-manager.js';
import { until } from '../../fakes/eventually.js';
import { Lab } from './lab.js';

describe('what md-manager tells of itself', function () {
  this.timeout(60_000);

  it('is who ordered what, and what came of it, by the day, over a change of leaders', async () => {
    await using lab = await Lab.open();
    const body = JSON.stringify({ vehicle: 'car-1', key: '0'.repeat(32), nextBootFloor: 1 });
    const post = (text: string, key: string): Promise<Response> =>
      fetch(`${lab.api.url}/v1/registrations`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-edgetwin-by': 'ops\u00e9', 'idempotency-key': key },
        body: text,
      });
    // As a device does: on a busy machine it is told to come again.
    const answered = (text: string, key: string): Promise<number> =>
      until(async () => {
        const { status } = await post(text, key);
        return status === 503 ? undefined : status;
      });
    assert.equal(await answered(body, 'k-1'), 200);
    assert.equal(await answered(body.replace('000', 'fff'), 'k-2'), 409);
    await lab.stop();
    await lab.start();
    const { orders } = await lab.api.call('GET', '/v1/orders?limit=100', { answer: orderList });
    const registrations = orders.filter(
      ({ what, key, outcome }) =>
        what === 'POST /v1/registrations' && key !== undefined && !['AUTHORITY_AWAY', 'DEADLINE'].includes(outcome),
    );
    assert.deepEqual(
      registrations.map(({ who, key, outcome, term }) => ({ who, key, outcome, term })),
      [
        { who: `ops 127.0.0.1`, key: 'k-2', outcome: 'KEY_MISMATCH', term: 1 },
        { who: `ops 127.0.0.1`, key: 'k-1', outcome: '200', term: 1 },
      ],
    );
    assert.deepEqual((await lab.api.call('GET', '/v1/orders?day=1999-01-01', { answer: orderList })).orders, []);
    assert.equal(
      orders.some(({ what }) => what.startsWith('GET')),
      false,
    );
    assert.deepEqual(await lab.api.call('GET', '/v1/leader', { answer: leader }), { url: lab.api.url, term: 2 });
  });

  it('is every resource that it serves, and its shipped description says the same', async () => {
    await using lab = await Lab.open();
    const served = (await (await fetch(`${lab.api.url}/v1/openapi.json`)).json()) as { readonly paths: object };
    const shipped = JSON.parse(apiDocuments().get('md-manager.json')!) as { readonly paths: object };
    assert.deepEqual(Object.keys(shipped.paths).sort(), Object.keys(served.paths).sort());
    assert.deepEqual(shipped.paths, served.paths);
    for (const path of ['/v1/triggers/smf', '/amsi/v1/app_mobility_services', '/v1/hosts/{domain}/{index}/drain'])
      assert.ok(path in served.paths, path);
  });

  it('is that all is full: the car stays on its old twin, the ledger and the metrics say why', async () => {
    await using lab = await Lab.open();
    await lab.stop();
    for (const name of [...lab.mano.hosts.keys()].filter(host => host.startsWith('edge-2'))) await lab.mano.kill(name);
    await lab.start({
      'pool-size': 'core=1,edge-1=1,edge-2=0',
      'pool-max-hosts': 'edge-2=0,*=4',
      'pool-start-ms': '200',
    });
    await lab.register('car-1');
    const [first, second] = [randomUUID(), randomUUID()];
    await lab.move('car-1', 'edge-1', first);
    await lab.ended(first);
    await lab.move('car-1', 'edge-2', second);
    const { result, reason } = await lab.ended(second);
    assert.deepEqual([result, reason], ['failed', 'pool-empty']);
    assert.match(await lab.assertOneTwin('car-1'), /^edge-1\//);
    const metric = /^handover_total\{[^}]*result="failed"[^}]*\} 1$/m;
    const text = await until(async () => {
      const found = await (await fetch(`${lab.api.url}/metrics`)).text();
      return metric.test(found) ? found : undefined;
    });
    assert.match(metric.exec(text)?.[0] ?? '', /reason="pool-empty"/);
    assert.match(text, /^pool_full_total\{[^}]*domain="edge-2"[^}]*\} [1-9]/m);
  });
});
