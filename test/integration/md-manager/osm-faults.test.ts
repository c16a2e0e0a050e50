import assert from 'node:assert/strict';
import { silentLog } from '../../../common/log.js';
import { seededRandom } from '../../../lab/seeded-random.js';
import type { Nbi, Trouble } from '../../../lab/nbi/server.js';
import { openCallbacks } from '../../../md-manager/mano/osm/callbacks.js';
import type { OsmMano } from '../../../md-manager/mano/osm/osm-mano.js';
import { systemTimers } from '../../../common/clock.js';
import { freePort } from '../../../lab/network/free-port.js';
import { eventually } from '../../fakes/eventually.js';
import { fakeClock } from '../../fakes/fake-clock.js';
import { clean, DONE, osm, VIMS, type Osm } from './osm-lab.js';

const isClean = async (under: Osm): Promise<boolean> => JSON.stringify(await under.counts()) === JSON.stringify(clean);
const OPERATIONS = /ns_lcm_op_occs\//;

/** Keeps so many hosts, as a pool does: what fails is ordered again. */
async function keep(mano: OsmMano, count: number): Promise<void> {
  while (mano.list().length < count)
    await mano.start(VIMS[mano.list().length % VIMS.length] ?? 'core').catch(() => new Promise(setImmediate));
}

/** Faults of every kind, by chance; none once the number of requests is over. */
function troubles(seed: number, requests: number): Nbi['trouble'] {
  const random = seededRandom(seed);
  let asked = 0;
  const kinds: readonly Trouble[] = ['away', 'answer-lost', { status: 500 }, { status: 503 }, { laterMs: 15 }];
  return () => (++asked > requests || random() < 0.6 ? undefined : kinds[Math.floor(random() * kinds.length)]);
}

const SEEDS = { R5: [1], R8: [2], R19: [3, 4] } as const;

for (const release of ['R5', 'R8', 'R19'] as const)
  describe(`Open Source MANO, ${release}, with faults`, function () {
    this.timeout(60_000);

    it('of every kind at any request, and tokens forgotten in between: what is wanted runs, and nothing else is left', async () => {
      for (const seed of SEEDS[release]) {
        let orders = 0;
        await using under = await osm(release, {
          ending: verb => (verb === 'instantiate' && ++orders % 3 === 0 ? { ms: 5, state: 'FAILED' } : DONE),
        });
        await using mano = (await under.open()) as OsmMano;
        await mano.adopt();
        const trouble = troubles(seed, 300);
        let requests = 0;
        under.nbi.trouble = (method, path) => {
          if (++requests % 25 === 0) under.nbi.tokens.revoke();
          return trouble(method, path);
        };
        await keep(mano, 3);
        under.nbi.trouble = () => undefined;
        await eventually(`seed ${seed}: both sides have three`, async () => {
          const { services, machines, rows } = await under.counts();
          return services === 3 && machines === 3 && rows === 3;
        });
        await Promise.all(mano.list().map(({ host }) => mano.stop(host)));
        assert.deepEqual(await under.counts(), clean, `seed ${seed}`);
      }
    });

    it('401 and 5xx in mid-operation: the order goes on, and is one', async () => {
      await using under = await osm(release, {
        ending: verb => (verb === 'instantiate' ? { ms: 60, state: 'COMPLETED' } : DONE),
      });
      await using mano = (await under.open()) as OsmMano;
      await mano.adopt();
      let looks = 0;
      under.nbi.trouble = (_, path) => {
        if (!OPERATIONS.test(path)) return undefined;
        looks++;
        if (looks === 1) under.nbi.tokens.revoke();
        return looks > 1 && looks < 5 ? { status: 503 } : undefined;
      };
      await mano.start('edge-1');
      assert.deepEqual(await under.counts(), { services: 1, machines: 1, rows: 1 });
      assert.ok(looks >= 5);
      assert.ok(under.nbi.tokens.logins >= 2);
    });

    for (const state of ['FAILED_TEMP', 'ROLLED_BACK'])
      it(`operations that end ${state}: their leftovers are ended`, async () => {
        await using under = await osm(release, { ending: verb => (verb === 'instantiate' ? { ms: 5, state } : DONE) });
        await using mano = (await under.open()) as OsmMano;
        await mano.adopt();
        await assert.rejects(mano.start('core'), { code: 'MANO_FAILED', message: new RegExp(state) });
        await eventually('both sides are empty', () => isClean(under));
      });

    it('an interface that is away for an hour: what runs goes on, what was ordered is ended or kept, and pools fill again', async () => {
      const clock = fakeClock();
      // A third order is on its way when the interface goes; it is done there meanwhile.
      let orders = 0;
      const ending = (verb: string) => (verb === 'instantiate' && ++orders === 2 ? { ...DONE, ms: 60_000 } : DONE);
      await using under = await osm(release, { clock, ending });
      await using mano = (await under.open()) as OsmMano;
      await mano.adopt();
      /** Time goes on in small steps, so that answers over real connections have theirs. */
      const passes = async <T>(wanted: Promise<T>): Promise<T> => {
        let done = false;
        const settled = (): void => void (done = true);
        wanted.then(settled, settled);
        await eventually('it is done', async () => {
          if (!done) await clock.advance(5);
          return done;
        });
        return wanted;
      };
      await passes(mano.start('edge-1'));
      const underWay = mano.start('core').catch(() => undefined);
      await eventually('it is ordered', () => orders === 2);
      let asked = 0;
      under.nbi.trouble = () => {
        asked++;
        return 'away';
      };
      await assert.rejects(passes(mano.start('edge-2')), { code: 'MANO_FAILED' });
      const backAtMs = clock.nowMs() + 3_600_000;
      await eventually('an hour has passed', async () => {
        await clock.advance(15_000);
        return clock.nowMs() >= backAtMs;
      });
      assert.ok(asked > 100, `${asked} requests`);
      assert.deepEqual(
        mano.list().map(({ host }) => host),
        ['edge-1/1'],
      );
      assert.equal(under.nbi.lcm.machines.size, 2, 'the order on its way was carried out there');
      under.nbi.trouble = () => undefined;
      await passes(underWay);
      await passes(mano.start('edge-2'));
      const wanted = mano.list().length;
      await eventually('both sides have what is wanted, and no more', async () => {
        await clock.advance(5_000);
        const { services, machines, rows } = await under.counts();
        return services === wanted && machines === wanted && rows === wanted;
      });
      await passes(Promise.all(mano.list().map(({ host }) => mano.stop(host))));
      assert.deepEqual(await under.counts(), clean);
    });

    it('away while the manager starts: what ran is taken at its word, and both sides are compared when it is back', async () => {
      await using under = await osm(release);
      {
        await using before = (await under.open()) as OsmMano;
        await before.adopt();
        for (const domain of ['edge-1', 'edge-2']) await before.start(domain);
      }
      const rows = await under.store.instances();
      const [first, second] = rows.sort((a, b) => a.host.localeCompare(b.host));
      assert.ok(first?.service !== undefined && second !== undefined);
      // One was being ordered when the manager died, and one is ended while nobody looks.
      await under.store.putInstance({
        ...first,
        host: 'core/7',
        domain: 'core',
        state: 'starting',
        service: undefined,
      });
      under.nbi.trouble = () => 'away';
      await using after = (await under.open()) as OsmMano;
      const adopted = (await after.adopt()).map(({ host }) => host).sort();
      assert.deepEqual(adopted, [first.host, second.host]);
      const gone: string[] = [];
      after.onGone(host => gone.push(host));
      await under.end(first.host);
      under.nbi.trouble = () => undefined;
      await eventually('what is gone is told, and what was half ordered is forgotten', async () => {
        return gone.includes(first.host) && (await under.counts()).rows === 1;
      });
      assert.deepEqual(await under.counts(), { services: 1, machines: 1, rows: 1 });
      assert.deepEqual(
        after.list().map(({ host }) => host),
        [second.host],
      );
    });

    it('without an order in one step: two steps do it', async () => {
      await using under = await osm(release);
      await using mano = (await under.open()) as OsmMano;
      await mano.adopt();
      under.nbi.trouble = (_, path) => (path.endsWith('ns_instances_content') ? { status: 405 } : undefined);
      const { host } = await mano.start('edge-1');
      assert.deepEqual(await under.counts(), { services: 1, machines: 1, rows: 1 });
      await mano.stop(host);
      assert.deepEqual(await under.counts(), clean);
    });

    it('a second step that fails: the record of the first is ended', async () => {
      await using under = await osm(release);
      await using mano = (await under.open()) as OsmMano;
      await mano.adopt();
      under.nbi.trouble = (_, path) =>
        path.endsWith('ns_instances_content')
          ? { status: 405 }
          : path.endsWith('/instantiate')
            ? { status: 500 }
            : undefined;
      await assert.rejects(mano.start('edge-1'), { code: 'MANO_FAILED' });
      await eventually('both sides are empty', () => isClean(under));
    });

    it('callbacks end the wait where the release has them; where they are lost, or there are none, it is looked', async () => {
      const clock = fakeClock();
      await using under = await osm(release, { clock, lookMs: 1_000_000 });
      await using mano = (await under.open()) as OsmMano;
      await mano.adopt();
      const listen = { address: '127.0.0.1', port: await freePort() };
      const deps = { northbound: under.northbound, settling: under.settling, timers: systemTimers, log: silentLog };
      await using _callbacks = await openCallbacks(listen, deps);
      const has = release !== 'R5';
      if (has) await eventually('it is subscribed', () => under.nbi.world.all('subscriptions').length === 1);
      const operations = (): number => under.nbi.world.all('operations').length;
      for (const losing of [false, true]) {
        under.nbi.subscriptions.losing = losing;
        const before = operations();
        let done = false;
        const started = mano.start('edge-1').then(() => (done = true));
        await eventually('it is ordered', () => operations() > before);
        await eventually('it was looked at', () => under.nbi.mostAtOnce > 0 && clock.pending > 1);
        await clock.advance(10);
        if (has && !losing) await started;
        else {
          await eventually('it is looked at again', async () => {
            await clock.advance(100_000);
            return done;
          });
        }
        assert.equal(done, true);
      }
    });
  });

it('a listener for callbacks ends its subscription with itself', async () => {
  await using under = await osm('R19');
  const listen = { address: '127.0.0.1', port: await freePort() };
  let subscribed = false;
  const northbound = {
    subscribe: async (url: string) => {
      const id = await under.northbound.subscribe(url);
      subscribed = true;
      return id;
    },
    unsubscribe: (id: string) => under.northbound.unsubscribe(id),
  };
  {
    const deps = { northbound, settling: under.settling, timers: systemTimers, log: silentLog };
    await using _callbacks = await openCallbacks(listen, deps);
    await eventually('it is subscribed', () => subscribed);
    assert.equal(under.nbi.world.all('subscriptions').length, 1);
  }
  assert.equal(under.nbi.world.all('subscriptions').length, 0);
});
