import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemTimers } from '../../../common/clock.js';
import { silentLog } from '../../../common/log.js';
import type { NbiProfile } from '../../../lab/nbi/profile.js';
import { openNbi, type Nbi, type NbiOptions } from '../../../lab/nbi/server.js';
import { Login } from '../../../md-manager/mano/osm/login.js';
import { Northbound } from '../../../md-manager/mano/osm/northbound.js';
import { onboard, vimIdOf } from '../../../md-manager/mano/osm/onboard.js';
import { OsmMano } from '../../../md-manager/mano/osm/osm-mano.js';
import { vxfOf } from '../../../md-manager/mano/osm/packages/vxf.js';
import { Settling } from '../../../md-manager/mano/osm/settle.js';
import { NbiTransport } from '../../../md-manager/mano/osm/transport.js';
import { openLmdbControlStore, type LmdbControlStore } from '../../../store/lmdb/control-store.js';
import { eventually } from '../../fakes/eventually.js';
import { manoContract, type ManoUnderTest } from './mano-contract.js';

interface Osm extends ManoUnderTest {
  readonly nbi: Nbi;
  readonly northbound: Northbound;
  readonly nsdId: string;
  readonly store: LmdbControlStore;
  /** Both sides: what the orchestrator has, what runs there, and what we know. */
  counts(): Promise<{ services: number; machines: number; rows: number }>;
}

const VIMS = ['core', 'edge-1', 'edge-2'];
const clean = { services: 0, machines: 0, rows: 0 };

async function osm(release: NbiProfile['name'], ending: NbiOptions['endingOf'] = () => DONE): Promise<Osm> {
  const folder = await mkdtemp(join(tmpdir(), 'edgetwin-'));
  const store = await openLmdbControlStore({ path: join(folder, 'control') });
  const nbi = await openNbi({ release, endingOf: ending });
  const clock = systemClock;
  const timers = systemTimers;
  const transport = await NbiTransport.open({ url: nbi.url, tls: { kind: 'system' } });
  const northbound = new Northbound(
    new Login(transport, { user: 'admin', password: 'admin', project: 'admin' }, clock),
  );
  for (const name of VIMS)
    await northbound.addVim({
      name,
      vim_type: 'openstack',
      vim_url: 'http://10.0.0.1:5000/v3',
      vim_tenant_name: 't',
      vim_user: 'u',
      vim_password: 'p',
    });
  nbi.enableVims();
  const vmd = vxfOf('vmd');
  assert.ok(vmd);
  const { nsdId } = await onboard(northbound, vmd);
  const opened: OsmMano[] = [];
  return {
    ...{ nbi, northbound, nsdId, store },
    open: () => {
      const settling = new Settling({
        read: (id, signal) => northbound.operation(id, signal),
        clock,
        timers,
        firstMs: 5,
        mostMs: 20,
      });
      const mano = new OsmMano({
        ...{ northbound, settling, store, clock, timers, log: silentLog, deployment: 'et', watchMs: 20, retryMs: 10 },
        operationMs: 5_000,
        orderOf: async ({ host, domain, address, enrolment }) => ({
          nsdId,
          vimId: await vimIdOf(northbound, domain),
          params: { ...WORDS, host, domain, address, enrolment_token: enrolment },
          network: 'twins',
          address,
        }),
        addressesFrom: () => '10.96.0.0',
        newEnrolment: () => 'token',
      });
      opened.push(mano);
      return Promise.resolve(mano);
    },
    end: async host => {
      const row = (await store.instances()).find(found => found.host === host);
      assert.ok(row?.service);
      // Somebody ends it at the orchestrator.
      nbi.world.remove('nsrs', row.service);
      nbi.lcm.machines.delete(row.service);
    },
    counts: async () => ({
      services: nbi.world.all('nsrs').length,
      machines: nbi.lcm.machines.size,
      rows: (await store.instances()).length,
    }),
    [Symbol.asyncDispose]: async () => {
      for (const mano of opened) await mano[Symbol.asyncDispose]();
      await nbi[Symbol.asyncDispose]();
      await transport[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Of every host the same. */
const WORDS = {
  ...{ manager_url: 'm', sdn_url: 's', slots: '1', alias_prefix: 'a', lease_ms: '1', db_contact_points: 'd' },
};
const DONE = { ms: 5, state: 'COMPLETED' } as const;

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
      await using under = await osm(release, verb =>
        verb === 'instantiate' ? { ms: 5, state: 'FAILED', detail: 'No valid host was found' } : DONE,
      );
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
      await using under = await osm(release, verb => (verb === 'instantiate' ? { ms: 150, state: 'COMPLETED' } : DONE));
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
    await using under = await osm('R8', verb => (verb === 'instantiate' ? 'never' : DONE));
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
    await using under = await osm('R19', verb => (verb === 'instantiate' ? { ms: 5, state: 'FAILED' } : DONE));
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
