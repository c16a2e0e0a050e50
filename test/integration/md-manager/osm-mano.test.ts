import assert from 'node:assert/strict';
import { vimIdOf } from '../../../md-manager/mano/osm/onboard.js';
import { eventually } from '../../fakes/eventually.js';
import { manoContract } from './mano-contract.js';
import { clean, DONE, osm, VIMS, WORDS } from './osm-lab.js';

for (const release of ['R5', 'R8', 'R19'] as const) {
  manoContract(`Open Source MANO, ${release},`, () => osm(release));

  describe(`Open Source MANO, ${release}: nothing leaks`, function () {
    this.timeout(60_000);

    it('when hosts are started and stopped: both sides are empty at the end', async () => {
      await using under = await osm(release);
      await using mano = await under.open();
      await mano.adopt();
      const hosts = await Promise.all(VIMS.map(domain => mano.start(domain)));
      assert.deepEqual(await under.counts(), { services: 3, machines: 3, rows: 3 });
      await Promise.all(hosts.map(({ host }) => mano.stop(host, 'gently')));
      assert.deepEqual(await under.counts(), clean);
    });

    it('when an instantiation fails: its words are told, and what it left is ended', async () => {
      await using under = await osm(release, {
        ending: verb => (verb === 'instantiate' ? { ms: 5, state: 'FAILED', detail: 'No valid host was found' } : DONE),
      });
      await using mano = await under.open();
      await mano.adopt();
      await assert.rejects(mano.start('edge-1'), { code: 'MANO_FAILED', message: /No valid host was found/ });
      await eventually(
        'both sides are empty',
        async () => JSON.stringify(await under.counts()) === JSON.stringify(clean),
      );
    });

    it('when the answer to an order is lost: the service that it made is ended as a stranger', async () => {
      await using under = await osm(release);
      await using mano = await under.open();
      await mano.adopt();
      let lost = false;
      under.nbi.trouble = (method, path) => {
        if (lost || method !== 'POST' || !path.endsWith('ns_instances_content')) return undefined;
        lost = true;
        return 'answer-lost';
      };
      await assert.rejects(mano.start('edge-1'), { code: 'MANO_FAILED' });
      await eventually(
        'both sides are empty',
        async () => JSON.stringify(await under.counts()) === JSON.stringify(clean),
      );
    });

    it('when the manager dies while a host is ordered: the next one ends it, and not before its operation is final', async () => {
      const removed: string[] = [];
      let states: string[] = [];
      await using under = await osm(release, {
        ending: verb => (verb === 'instantiate' ? { ms: 150, state: 'COMPLETED' } : DONE),
      });
      under.nbi.trouble = (method, path) => {
        if (method === 'DELETE') {
          removed.push(path);
          states = under.nbi.world.all('operations').map(operation => String(operation['operationState']));
        }
        return undefined;
      };
      const before = await under.open();
      await before.adopt();
      const order = before.start('edge-1');
      order.catch(() => undefined);
      await eventually('the order is there', () => under.nbi.world.all('operations').length > 0);
      await before[Symbol.asyncDispose]();
      await assert.rejects(order);
      await using after = await under.open();
      assert.deepEqual(await after.adopt(), []);
      await eventually(
        'both sides are empty',
        async () => JSON.stringify(await under.counts()) === JSON.stringify(clean),
      );
      assert.ok(
        states.every(state => state === 'COMPLETED'),
        `${removed.join()} while ${states.join()}`,
      );
    });

    it('when the interface goes away, refuses for a while, or forgets all tokens', async () => {
      await using under = await osm(release);
      await using mano = await under.open();
      await mano.adopt();
      const { host } = await mano.start('edge-2');
      let calls = 0;
      under.nbi.tokens.revoke();
      under.nbi.trouble = () => (++calls < 10 ? 'away' : calls < 20 ? { status: 503 } : undefined);
      await mano.stop(host, 'gently');
      assert.deepEqual(await under.counts(), clean);
      assert.ok(calls >= 20);
    });
  });
}

describe('orders at Open Source MANO', () => {
  it('carry the address, network and words of the host', async () => {
    await using under = await osm('R19');
    await using mano = await under.open();
    await mano.adopt();
    const { address } = await mano.start('edge-1');
    const [vnfr] = under.nbi.world.all('vnfrs');
    assert.deepEqual(vnfr?.['additionalParamsForVnf'], {
      ...WORDS,
      address,
      host: 'edge-1/1',
      domain: 'edge-1',
      enrolment_token: 'token',
    });
    const [nsr] = under.nbi.world.all('nsrs');
    assert.equal(nsr?.['name'], 'et-edge-1-1');
    assert.match(JSON.stringify(nsr['instantiate_params']), new RegExp(`"ip-address":"${address}"`));
  });

  it('that never become final are given up after their time, kept, and ended when they are final', async () => {
    await using under = await osm('R8', { ending: verb => (verb === 'instantiate' ? 'never' : DONE) });
    const operation = () => under.nbi.world.all('operations')[0];
    const release = (): void => {
      const found = operation();
      assert.ok(found);
      found['operationState'] = 'COMPLETED';
    };
    await using mano = await under.open();
    await mano.adopt();
    const started = mano.start('core');
    started.catch(() => undefined);
    await eventually('it is ordered', () => operation() !== undefined);
    await assert.rejects(started, { code: 'MANO_FAILED', message: /PROCESSING after 5000 ms/ });
    assert.deepEqual(await under.counts(), { services: 1, machines: 0, rows: 1 });
    release();
    await eventually(
      'both sides are empty',
      async () => JSON.stringify(await under.counts()) === JSON.stringify(clean),
    );
  });

  it('of a name of ours that nobody here knows are ended, those of others are let be', async () => {
    await using under = await osm('R19');
    const vimId = await vimIdOf(under.northbound, 'core');
    const params = { ...WORDS, host: 'x', domain: 'core', address: 'x', enrolment_token: 'x' };
    const order = { description: '', nsdId: under.nsdId, vimId, params, network: 'twins' };
    for (const name of ['et-core-7', 'etc-core-7', 'et-notes', 'other'])
      await under.northbound.instantiate({ ...order, name });
    await eventually('all run', () => under.nbi.lcm.machines.size === 4);
    await using mano = await under.open();
    assert.deepEqual(await mano.adopt(), []);
    await eventually('ours is gone', () => under.nbi.lcm.machines.size === 3);
    await under.northbound.instantiate({ ...order, name: 'et-core-8' });
    await eventually('it runs', () => under.nbi.lcm.machines.size === 4);
    await eventually('it is gone, too', () => under.nbi.lcm.machines.size === 3);
    assert.deepEqual(
      under.nbi.world.all('nsrs').map(nsr => nsr['name']),
      ['etc-core-7', 'et-notes', 'other'],
    );
  });

  it('that failed while the interface went away are ended when it is back', async () => {
    await using under = await osm('R19', {
      ending: verb => (verb === 'instantiate' ? { ms: 5, state: 'FAILED' } : DONE),
    });
    await using mano = await under.open();
    await mano.adopt();
    let away = false;
    under.nbi.trouble = (method, path) => {
      const final = under.nbi.world.all('operations').some(operation => operation['operationState'] === 'FAILED');
      if (final && method === 'GET' && path.endsWith('/ns_instances')) away = true;
      return away ? 'away' : undefined;
    };
    await assert.rejects(mano.start('core'), { code: 'MANO_FAILED' });
    await eventually('it went away', () => away);
    assert.deepEqual(await under.counts(), { services: 1, machines: 0, rows: 1 });
    under.nbi.trouble = () => undefined;
    await eventually(
      'both sides are empty',
      async () => JSON.stringify(await under.counts()) === JSON.stringify(clean),
    );
  });
});
