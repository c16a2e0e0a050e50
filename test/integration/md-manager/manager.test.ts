import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { handoverCounts } from '../../../protocol/api/md-manager.js';
import { Lab } from './lab.js';

describe('md-manager between hosts and sdn-app', function () {
  this.timeout(60_000);

  it('registers a vehicle once by its key, with a twin in core before the reply', async () => {
    await using lab = await Lab.open();
    const first = await lab.register('car-1');
    assert.match(await lab.assertOneTwin('car-1'), /^core\//);
    assert.equal(first.nextBoot, 5);
    assert.deepEqual(await lab.register('car-1'), first);
    await assert.rejects(lab.register('car-1', 'f'.repeat(32)), { code: 'KEY_MISMATCH' });
    assert.equal((await lab.register('car-2')).number, first.number + 1);
  });

  it('moves the twin with the car, first from core, then between edges, and counts them apart', async () => {
    await using lab = await Lab.open();
    await lab.register('car-1');
    const [first, second, third] = [randomUUID(), randomUUID(), randomUUID()];
    assert.equal(await lab.move('car-1', 'edge-1', first), 'started');
    assert.equal(await lab.move('car-1', 'edge-1', first), 'known');
    assert.deepEqual([(await lab.ended(first)).kind, (await lab.ended(first)).result], ['first', 'completed']);
    await lab.move('car-1', 'edge-2', second);
    const moved = await lab.ended(second);
    const reached = [
      'detected',
      'validated',
      'rerouted',
      'initiated',
      'prepared',
      'redirected',
      'activated',
      'completed',
    ];
    assert.deepEqual([moved.kind, moved.way, Object.keys(moved.phases).sort()], ['move', 'manager', reached.sort()]);
    const host = await lab.assertOneTwin('car-1');
    assert.match(host, /^edge-2\//);
    assert.equal(lab.mano.hosts.get(host)?.slots.get('car-1')?.digest?.vehicle, 'car-1');
    assert.equal(await lab.move('car-1', 'edge-2', third), 'same-domain');
    const counts = await lab.api.call('GET', '/v1/handovers/counts', { answer: handoverCounts });
    assert.deepEqual([counts.completed, counts.first, counts.sameDomain, counts.failed], [1, 1, 1, 0]);
  });

  it('replaces a serving host that is gone, in its own domain', async () => {
    await using lab = await Lab.open();
    await lab.register('car-1');
    const first = randomUUID();
    await lab.move('car-1', 'edge-1', first);
    await lab.ended(first);
    const host = await lab.assertOneTwin('car-1');
    await lab.mano.kill(host);
    await lab.until(async () => {
      const { acting, handover } = await lab.vehicle('car-1');
      return acting?.host !== host && handover === undefined;
    });
    assert.match(await lab.assertOneTwin('car-1'), /^edge-1\//);
    const counts = await lab.api.call('GET', '/v1/handovers/counts', { answer: handoverCounts });
    assert.equal(counts.hostLost, 1);
    await lab.until(async () => (await fetch(`${lab.api.url}/readyz`)).ok);
  });

  it('gives up a host whose commits make no progress', async () => {
    await using lab = await Lab.open({ 'probe-ms': '200' });
    await lab.register('car-1');
    const host = await lab.assertOneTwin('car-1');
    lab.mano.hosts.get(host)!.stalledMs = 5_000;
    await lab.until(async () => {
      const { acting, handover } = await lab.vehicle('car-1');
      return acting?.host !== host && handover === undefined;
    });
    await lab.assertOneTwin('car-1');
  });

  it('keeps the old twin and orders a host where the pool is empty: cold', async () => {
    await using lab = await Lab.open();
    await lab.stop();
    for (const name of [...lab.mano.hosts.keys()].filter(host => host.startsWith('edge-2'))) await lab.mano.kill(name);
    await lab.start({ 'pool-size': 'core=1,edge-1=1,edge-2=0' });
    await lab.register('car-1');
    const [first, second] = [randomUUID(), randomUUID()];
    await lab.move('car-1', 'edge-1', first);
    await lab.ended(first);
    await lab.move('car-1', 'edge-2', second);
    const { result, way } = await lab.ended(second);
    assert.deepEqual([result, way], ['completed', 'cold']);
    assert.match(await lab.assertOneTwin('car-1'), /^edge-2\//);
  });

  it('cancels a move back and re-targets a move on while a host is awaited', async () => {
    await using lab = await Lab.open();
    await lab.stop();
    for (const name of [...lab.mano.hosts.keys()].filter(host => host.startsWith('edge-2'))) await lab.mano.kill(name);
    await lab.start({ 'pool-size': 'core=1,edge-1=1,edge-2=0' });
    await lab.register('car-1');
    const [first, out, back, again, on] = [randomUUID(), randomUUID(), randomUUID(), randomUUID(), randomUUID()];
    await lab.move('car-1', 'edge-1', first);
    await lab.ended(first);
    const held = lab.gate.close('start');
    await lab.move('car-1', 'edge-2', out);
    await held.reached;
    await lab.move('car-1', 'edge-1', back);
    assert.deepEqual([(await lab.ended(out)).result, (await lab.ended(out)).reason], ['cancelled', 'moved-back']);
    assert.match(await lab.assertOneTwin('car-1'), /^edge-1\//);
    await lab.move('car-1', 'edge-2', again);
    await lab.move('car-1', 'core', on);
    const moved = await lab.ended(again);
    assert.deepEqual([moved.result, moved.attempt, (await lab.ended(on)).reason], ['completed', 2, `joined ${again}`]);
    assert.match(await lab.assertOneTwin('car-1'), /^core\//);
    held.open();
  });

  it('defers a move within the dwell, and forgets it when the car is back', async () => {
    await using lab = await Lab.open();
    await lab.stop();
    await lab.start({ 'dwell-ms': '600000' });
    await lab.register('car-1');
    const [first, second, third] = [randomUUID(), randomUUID(), randomUUID()];
    await lab.move('car-1', 'edge-1', first);
    assert.equal((await lab.ended(first)).result, 'completed');
    assert.equal(await lab.move('car-1', 'edge-2', second), 'deferred');
    assert.equal(await lab.move('car-1', 'edge-1', third), 'same-domain');
    assert.deepEqual([(await lab.ended(second)).result, (await lab.ended(second)).reason], ['cancelled', 'superseded']);
    assert.match(await lab.assertOneTwin('car-1'), /^edge-1\//);
  });

  it('refuses what makes no sense by a named error, and serves on', async () => {
    await using lab = await Lab.open();
    const post = (body: unknown): Promise<void> => lab.api.call('POST', '/v1/attachments', { body });
    await assert.rejects(post({ hello: 1 }), { code: 'REQUEST_INVALID' });
    await assert.rejects(lab.vehicle('nobody'), { code: 'VEHICLE_UNKNOWN' });
    await assert.rejects(lab.handover('none'), { code: 'NOT_FOUND' });
    await lab.register('car-1');
  });

  for (const effect of ['prepare', 'redirect', 'drain', 'activate', 'retire', 'release']) {
    it(`is continued by the next manager when it ends while ${effect} is unanswered`, async () => {
      await using lab = await Lab.open();
      await lab.register('car-1');
      const [first, second] = [randomUUID(), randomUUID()];
      await lab.move('car-1', 'edge-1', first);
      await lab.ended(first);
      const held = lab.gate.close(effect);
      await lab.move('car-1', 'edge-2', second);
      await held.reached;
      await lab.stop();
      held.open();
      await lab.start();
      assert.equal((await lab.ended(second)).result, 'completed');
      assert.match(await lab.assertOneTwin('car-1'), /^edge-2\//);
    });
  }
});
