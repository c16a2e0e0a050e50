import assert from 'node:assert/strict';
import type { TwinStore } from '../../../store/types.js';
import { cell, collect, row, START_MS } from '../../fakes/store-rows.js';
import { twinStoreContract } from '../../integration/store/twin-store-contract.js';
import { migratedStores, type MigratedStores } from './migrated-stores.js';
import { DATACENTRES, needsCluster, needsCuts, sharedCluster } from './shared-cluster.js';
import { openedStore } from '../../integration/store/opened-store.js';

const DAY_MS = 86_400_000;
/** Hints are sent every ten seconds, to a node that is seen again by then. */
const HEALED_MS = 60_000;

describe('twin store on three datacentres', function () {
  this.timeout(120_000);
  let keyspace: MigratedStores;

  before(needsCluster);
  before(async () => {
    keyspace = await migratedStores();
  });

  // Each handle speaks to the node of the same domain: LOCAL_QUORUM there is the adapter's promise.
  twinStoreContract('Cassandra', async () => {
    await keyspace.empty();
    const opened = await openedStore(() => keyspace.store(DATACENTRES[0]));
    return { ...opened, register: rows => keyspace.register(rows) };
  });

  describe('between domains', () => {
    let edge: TwinStore;
    let core: TwinStore;
    before(async () => {
      await keyspace.empty();
      edge = await keyspace.store('edge-1');
      core = await keyspace.store('core');
    });
    after(async () => {
      await edge?.[Symbol.asyncDispose]();
      await core?.[Symbol.asyncDispose]();
    });

    it('brings rows and cells to every domain', async () => {
      const rows = [row('car-1', 1), row('car-1', 2)];
      await edge.append(rows);
      await edge.putLive('car-1', [cell('spd', 1, 2)]);
      await eventually(async () => {
        assert.deepEqual(await collect(core.history('car-1')), rows);
        assert.deepEqual(await core.live('car-1'), [cell('spd', 1, 2)]);
      });
    });

    it('lets the newer of two cells win that two domains write at once, in every domain', async () => {
      const write = (store: TwinStore, seq: number): Promise<void> =>
        store.putLive('car-2', [cell('spd', 1, seq, { value: `v${seq}` })]);
      for (let round = 0; round < 20; round++)
        await Promise.all([write(edge, 2 * round + 2), write(core, 2 * round + 1)]);
      await eventually(async () => {
        for (const store of [edge, core])
          assert.deepEqual(await store.live('car-2'), [cell('spd', 1, 40, { value: 'v40' })]);
      });
    });

    it('keeps one whole value of two that differ under one write time, the same one in every domain', async () => {
      const values = [
        cell('spd', 1, 7, { value: 1, receivedAtMs: 2 }),
        cell('spd', 1, 7, { value: 2, receivedAtMs: 1 }),
      ];
      const [a = cell('spd', 1, 1), b = cell('spd', 1, 1)] = values;
      await Promise.all([edge.putLive('car-3', [a]), core.putLive('car-3', [b])]);
      await eventually(async () => {
        const [found] = await edge.live('car-3');
        assert.ok(values.some(value => value.value === found?.value && value.receivedAtMs === found.receivedAtMs));
        assert.deepEqual(await core.live('car-3'), [found]);
      });
    });

    it('takes and reads in a domain that is cut off, but not under ack=replicated, and has it all everywhere when it is healed', async function () {
      needsCuts.call(this);
      const cluster = await sharedCluster();
      await using replicated = await keyspace.store('edge-1', 'replicated');
      await replicated.append([row('car-4', 1)]);
      await cluster.cutOff('edge-1');
      try {
        await assert.rejects(replicated.append([row('car-4', 2)]), { code: 'STORE_AWAY' });
        await edge.append([row('car-4', 3)]);
        await core.append([row('car-4', 4)]);
        const seqs = async (store: TwinStore): Promise<number[]> =>
          (await collect(store.history('car-4'))).map(({ seq }) => seq);
        // What was refused may be stored: that is why the device sends it again.
        assert.deepEqual(
          (await seqs(edge)).filter(seq => seq !== 2),
          [1, 3],
        );
        assert.deepEqual(await seqs(core), [1, 4]);
      } finally {
        await cluster.rejoin('edge-1');
        await cluster.settled();
      }
      await replicated.append([row('car-4', 2)]);
      await eventually(async () => {
        for (const store of [edge, core])
          assert.deepEqual(
            (await collect(store.history('car-4'))).map(({ seq }) => seq),
            [1, 2, 3, 4],
          );
      }, HEALED_MS);
    });
  });

  it('reads over days, in both directions, page by page and with a limit', async () => {
    await keyspace.empty();
    await using store = await keyspace.store('edge-1');
    const rows = Array.from({ length: 40 }, (_, i) => row('car-1', i + 1, { timeMs: START_MS + i * (DAY_MS / 4) }));
    await store.append(rows);
    assert.deepEqual(await collect(store.history('car-1')), rows);
    assert.deepEqual(await collect(store.history('car-1', { reverse: true })), rows.toReversed());
    assert.deepEqual(await collect(store.history('car-1', { limit: 6 })), rows.slice(0, 6));
    assert.deepEqual(await collect(store.history('car-1', { reverse: true, limit: 6 })), rows.toReversed().slice(0, 6));
    const fromMs = START_MS + 1.5 * DAY_MS;
    const toMs = START_MS + 3 * DAY_MS;
    assert.deepEqual(await collect(store.history('car-1', { fromMs, toMs })), rows.slice(6, 12));
  });
});

/** Tries again until it holds, as another domain has it a few milliseconds later. */
async function eventually(check: () => Promise<void>, withinMs = 10_000): Promise<void> {
  const untilMs = performance.now() + withinMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > untilMs) throw error;
      await new Promise(resolve => setTimeout(resolve, 20));
    }
  }
}
