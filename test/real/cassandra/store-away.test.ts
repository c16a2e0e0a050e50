import assert from 'node:assert/strict';
import { systemClock, systemTimers } from '../../../common/clock.js';
import { silentLog } from '../../../common/log.js';
import { signalAnswer } from '../../../protocol/api/vmd.js';
import type { CoapResponse } from '../../../protocol/coap/types.js';
import type { SessionState } from '../../../store/cassandra/session.js';
import { openTwinStore } from '../../../store/open.js';
import type { TwinStore } from '../../../store/types.js';
import { eventually } from '../../fakes/eventually.js';
import { openScene } from '../../integration/vmd/scene.js';
import { migratedStores, type MigratedStores } from './migrated-stores.js';
import { onceThere } from './once-there.js';
import { needsCluster, sharedCluster } from './shared-cluster.js';

const SPEED = 's/Vehicle.OBD.Speed';
const textOf = ({ payload }: CoapResponse): string => Buffer.from(payload ?? []).toString();
/** A CoAP datagram has at most 1,152 bytes. */
const LONGEST_WORDS = 400;

describe('a vMD host whose domain has no store', function () {
  this.timeout(240_000);
  let stores: MigratedStores;
  before(needsCluster);
  before(async () => {
    stores = await migratedStores();
    await stores.empty();
  });

  const openStore = async (onState?: (state: SessionState) => void): Promise<TwinStore> =>
    openTwinStore(
      {
        kind: 'cassandra',
        domain: 'edge-1',
        cassandra: { contactPoints: [stores.points['edge-1']], datacentre: 'edge-1', keyspace: stores.prefix },
      },
      {
        ...{ clock: systemClock, timers: systemTimers, random: Math.random, log: silentLog },
        ...(onState === undefined ? {} : { onState }),
      },
    );
  const refused = (response: CoapResponse): void => {
    const text = textOf(response);
    assert.deepEqual([response.code, response.maxAgeS], ['5.03', 1], text);
    assert.match(text, /^STORE_(AWAY|FAILED): /);
    assert.ok(text.length < LONGEST_WORDS, text);
  };

  it('answers reports with 5.03 and Max-Age, reads from what it has, and stores nowhere else', async () => {
    const node = (await sharedCluster()).node('edge-1');
    await using store = await openStore();
    await using scene = await openScene({ store });
    const car = await scene.car(0);
    await scene.command(car.vehicle, 'prepare', 1, { number: car.number });
    await scene.command(car.vehicle, 'activate', 1, { leaseMs: 600_000 });
    assert.equal((await car.report(1)).code, '2.04');
    node.pause();
    try {
      for (const response of await Promise.all([2, 3, 4].map(seq => car.report(seq)))) refused(response);
      const stranger = await scene.car(1);
      refused(await stranger.report(1));
      const answer = await scene.get(`v/${car.vehicle}/${SPEED}`);
      assert.equal(signalAnswer.parse(JSON.parse(textOf(answer))).value, 1);
    } finally {
      node.resume();
    }
    await eventually('reports are acknowledged again', async () => (await car.report(2)).code === '2.04');
    for (const domain of ['edge-1', 'core'] as const) {
      const twin = await stores.twin(domain);
      const seqs = async (): Promise<string> => {
        const found: number[] = [];
        for await (const { seq } of twin.history(car.vehicle)) found.push(seq);
        return [...new Set(found)].join();
      };
      // What was refused may have been on its way to the disk when the node was stopped. This reader lost the node, too.
      await eventually(`${domain} has what was acknowledged`, () =>
        onceThere(async () => (await seqs()).startsWith('1,2')),
      );
    }
  });

  it('starts without it, says so, and takes reports once it is there', async () => {
    const node = (await sharedCluster()).node('edge-1');
    await node.kill();
    const states: string[] = [];
    try {
      await using store = await openStore(({ at }) => states.push(at));
      await using scene = await openScene({ store });
      const car = await scene.car(0);
      await scene.command(car.vehicle, 'prepare', 1, { number: car.number });
      refused(await car.report(1));
      assert.ok(!states.includes('ready'), states.join());
      await node.restart();
      await eventually('the first report is acknowledged', async () => (await car.report(1)).code === '2.04', 60_000);
      assert.equal(states.at(-1), 'ready');
    } finally {
      if (node.state === 'stopped') await node.restart();
    }
  });
});
