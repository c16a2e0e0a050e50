import assert from 'node:assert/strict';
import { systemClock, systemTimers } from '../../../common/clock.js';
import { silentLog } from '../../../common/log.js';
import { Metrics } from '../../../common/metrics.js';
import { signalAnswer, type SignalAnswer } from '../../../protocol/api/vmd.js';
import { METRICS } from '../../../protocol/metrics.js';
import type { ReplicationLag } from '../../../store/cassandra/lag-tracker.js';
import { openTwinStore } from '../../../store/open.js';
import type { TwinStore } from '../../../store/types.js';
import { eventually } from '../../fakes/eventually.js';
import { openScene, type Scene } from '../../integration/vmd/scene.js';
import { migratedStores, type Domain, type MigratedStores } from './migrated-stores.js';
import { DATACENTRES, needsCuts, sharedCluster } from './shared-cluster.js';

const REPORTS = 40;
const SPEED = 's/Vehicle.OBD.Speed';
const LEASE = { leaseMs: 600_000 };
/** Hints are sent every ten seconds, and a node that was cut off has to be seen first. */
const HEALED_MS = 120_000;

describe('replication between domains that are cut from one another', function () {
  this.timeout(240_000);
  let stores: MigratedStores;
  before(needsCuts);
  before(async () => {
    stores = await migratedStores();
    await stores.empty();
  });

  it('is measured by markers: how far each domain is behind each other, while it works and while it does not', async () => {
    const cluster = await sharedCluster();
    const lags = new Map<Domain, readonly ReplicationLag[]>();
    const metrics = new Map<Domain, Metrics>();
    const opened: TwinStore[] = [];
    try {
      for (const domain of DATACENTRES) {
        const own = new Metrics(METRICS);
        metrics.set(domain, own);
        const cassandra = { contactPoints: [stores.points[domain]], datacentre: domain, keyspace: stores.prefix };
        opened.push(
          await openTwinStore(
            { kind: 'cassandra', domain, cassandra },
            {
              ...{ clock: systemClock, timers: systemTimers, random: Math.random, log: silentLog, metrics: own },
              onLags: found => lags.set(domain, found),
            },
          ),
        );
      }
      const lagOf = (from: Domain, to: Domain): ReplicationLag | undefined =>
        lags.get(to)?.find(lag => lag.from === from);
      const pairs = DATACENTRES.flatMap(from => DATACENTRES.flatMap(to => (from === to ? [] : [[from, to] as const])));
      const begunMs = Date.now();
      await eventually('markers of every domain have come to every other', () =>
        pairs.every(([from, to]) => (lagOf(from, to)?.markerAtMs ?? 0) > begunMs + 2_000),
      );
      const before = Math.max(...pairs.map(([from, to]) => lagOf(from, to)?.lagMs ?? Infinity));

      await cluster.cut('edge-1', 'edge-2');
      try {
        await eventually('edge-2 is far behind edge-1, and edge-1 behind edge-2', () =>
          [lagOf('edge-1', 'edge-2'), lagOf('edge-2', 'edge-1')].every(lag => (lag?.lagMs ?? 0) > before + 8_000),
        );
        const markerMs = lagOf('edge-1', 'core')?.markerAtMs ?? Infinity;
        await eventually(
          'core still gets markers of edge-1',
          () => (lagOf('edge-1', 'core')?.markerAtMs ?? 0) > markerMs,
        );
        const text = (await metrics.get('edge-2')?.text()) ?? '';
        const told = /twin_replication_lag_seconds\{from="edge-1",to="edge-2"\} (\S+)/.exec(text)?.[1];
        assert.ok(Number(told) > 8, told);
      } finally {
        await cluster.heal('edge-1', 'edge-2');
      }
      await eventually(
        'nobody is behind any more',
        () => pairs.every(([from, to]) => (lagOf(from, to)?.lagMs ?? Infinity) < before + 4_000),
        HEALED_MS,
      );
    } finally {
      for (const store of opened) await store[Symbol.asyncDispose]();
    }
  });

  it('is waited for after a hand-over: the new twin has the digest at once, says complete: false, and converges', async () => {
    const cluster = await sharedCluster();
    const [oldStore, newStore] = [await stores.twin('edge-1'), await stores.twin('edge-2')];
    await using old = await openScene({ domain: 'edge-1', store: oldStore });
    await using next = await openScene({ domain: 'edge-2', store: newStore });
    const car = await old.car(0);
    const { vehicle, number } = car;
    const answer = async (scene: Scene): Promise<SignalAnswer> => {
      const { code, payload } = await scene.get(`v/${vehicle}/${SPEED}`);
      const text = Buffer.from(payload ?? []).toString();
      assert.equal(code, '2.05', text);
      return signalAnswer.parse(JSON.parse(text));
    };
    await old.command(vehicle, 'prepare', 1, { number });
    await old.command(vehicle, 'activate', 1, LEASE);

    await cluster.cut('edge-1', 'edge-2');
    try {
      for (let seq = 1; seq <= REPORTS; seq++) assert.equal((await car.report(seq)).code, '2.04');
      await next.command(vehicle, 'prepare', 2, { number });
      const { digest } = (await old.command(vehicle, 'drain', 2, { graceMs: 0 })) as { digest: unknown };
      await next.command(vehicle, 'activate', 2, { ...LEASE, digest });
      const first = await answer(next);
      assert.deepEqual(
        [first.value, first.seq, first.source, first.provisional, first.complete],
        [REPORTS, REPORTS, 'twin-cache', false, false],
      );
      // Nothing of it is in the new domain's store yet, and nothing that comes there says otherwise.
      assert.equal(await countOf(newStore, vehicle), 0);
      assert.equal((await answer(next)).complete, false);
    } finally {
      await cluster.heal('edge-1', 'edge-2');
    }
    await eventually('the new twin is complete', async () => (await answer(next)).complete, HEALED_MS);
    assert.equal(await countOf(newStore, vehicle), REPORTS);
    const healed = await answer(next);
    assert.deepEqual([healed.value, healed.seq], [REPORTS, REPORTS]);
  });
});

/** Reports of a vehicle that a domain's store has. */
async function countOf(store: TwinStore, vehicle: string): Promise<number> {
  const seqs = new Set<number>();
  for await (const { seq } of store.history(vehicle)) seqs.add(seq);
  return seqs.size;
}
