import assert from 'node:assert/strict';
import { run } from '../../../md-manager/tool/cli.js';
import { poolList } from '../../../protocol/api/pools.js';
import { openLmdbControlStore } from '../../../store/lmdb/control-store.js';
import { saidBy, type Said } from '../../fakes/said.js';
import { Lab } from './lab.js';

/** Of edge-2 one host alone. */
const ONE_HOST = { 'pool-size': 'core=1,edge-1=1,edge-2=1', 'pool-max-hosts': 'edge-2=1,*=4' };

describe('hosts that are to be empty', function () {
  this.timeout(60_000);
  let lab: Lab;
  afterEach(() => lab?.[Symbol.asyncDispose]());

  const manager = (...words: string[]): Promise<Said> =>
    saidBy(() => run([...words, '--manager', lab.api.url], {}, new AbortController().signal));
  const stateOf = async (host: string): Promise<string | undefined> =>
    (await lab.api.call('GET', '/v1/pools', { answer: poolList })).pools
      .flatMap(({ hosts }) => hosts)
      .find(row => row.host.host === host)?.state;
  const served = async (vehicle: string, domain: string): Promise<string> => {
    await lab.register(vehicle);
    await lab.move(vehicle, domain);
    await lab.until(async () => {
      const { acting, handover } = await lab.vehicle(vehicle);
      return acting?.domain === domain && handover === undefined;
    });
    return (await lab.vehicle(vehicle)).acting!.host;
  };
  /** Of a manager that has ended. */
  const notes = async (): Promise<string[]> => {
    await using store = await openLmdbControlStore({ path: lab.folder });
    return (await store.notes('drain')).map(({ id }) => id);
  };

  it('go on being drained under the next leader, until they are gone', async () => {
    lab = await Lab.open(ONE_HOST);
    const host = await served('car-1', 'edge-2');
    // It has no other place in its domain: it is drained for as long as that is so.
    assert.equal((await manager('drain', host, '--wait-s', '0')).code, 0);
    await lab.stop();
    await lab.start(ONE_HOST);
    assert.equal(await stateOf(host), 'draining');
    assert.equal((await manager('handover', 'car-1', 'edge-1')).code, 0);
    await lab.until(() => Promise.resolve(!lab.mano.hosts.has(host)));
    await lab.assertOneTwin('car-1');
    await lab.until(() => Promise.resolve(lab.storeFaults.calls.includes('deleteNote')));
    await lab.stop();
    assert.deepEqual(await notes(), []);
  });

  it('are kept after all where the drain is cancelled, also under the next leader', async () => {
    lab = await Lab.open(ONE_HOST);
    const host = await served('car-1', 'edge-2');
    await manager('drain', host, '--wait-s', '0');
    const { code, out } = await manager('drain', host, '--cancel', 'true');
    assert.deepEqual([code, out], [0, `${host} is kept; 1 of its slots are held\n`]);
    assert.equal(await stateOf(host), 'ready');
    await lab.stop();
    await lab.start(ONE_HOST);
    assert.equal(await stateOf(host), 'ready');
    assert.equal(await lab.assertOneTwin('car-1'), host);
    await manager('drain', host, '--cancel', 'true');
    assert.equal(await stateOf(host), 'ready');
    await assert.rejects(manager('drain', 'edge-2/999', '--cancel', 'true'), { code: 'NOT_FOUND' });
  });

  it('are not drained where that cannot be noted', async () => {
    lab = await Lab.open(ONE_HOST);
    const host = await served('car-1', 'edge-2');
    lab.storeFaults.away = true;
    await assert.rejects(manager('drain', host), { code: 'STORE_AWAY' });
    assert.equal(await stateOf(host), 'ready');
    lab.storeFaults.away = false;
  });

  it('are not drained for the name of one that is gone', async () => {
    lab = await Lab.open(ONE_HOST);
    const host = await served('car-1', 'edge-2');
    await lab.stop();
    {
      await using store = await openLmdbControlStore({ path: lab.folder });
      await store.putNote({ kind: 'drain', id: host, note: { process: '1/1' } }, 1);
    }
    await lab.start(ONE_HOST);
    assert.equal(await stateOf(host), 'ready');
    await lab.until(() => Promise.resolve(lab.storeFaults.calls.includes('deleteNote')));
    await lab.stop();
    assert.deepEqual(await notes(), []);
  });
});
