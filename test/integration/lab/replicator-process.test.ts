import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { linkList, type LinkList } from '../../../lab/replicator/routes.js';
import { claimBlock, type LoopbackBlock } from '../../../lab/network/loopback-block.js';
import { HttpClient } from '../../../protocol/api/http-client.js';
import { openLmdbControlStore } from '../../../store/lmdb/control-store.js';
import { openLmdbTwinStore, type LmdbTwinStore } from '../../../store/lmdb/twin-store.js';
import { eventually } from '../../fakes/eventually.js';
import { cell, collect, device, row } from '../../fakes/store-rows.js';
import { nextLine, startChild, type Child } from '../store/child.js';

const DOMAINS = ['core', 'edge-1', 'edge-2'] as const;

describe('edgetwin lab replicator', function () {
  this.timeout(60_000);
  let directory: string;
  let block: LoopbackBlock;
  let stores: LmdbTwinStore[];
  let children: Child[];
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'edgetwin-replicator-'));
    block = await claimBlock();
    stores = await Promise.all(DOMAINS.map(domain => openLmdbTwinStore({ path: join(directory, domain), domain })));
    children = [];
  });
  afterEach(async () => {
    for (const child of children) await child.kill();
    for (const store of stores) await store[Symbol.asyncDispose]();
    await block[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
  });

  const start = async (): Promise<{ child: Child; url: string }> => {
    const named = DOMAINS.map(domain => `${domain}=${join(directory, domain)}`).join(',');
    const child = startChild('cli/edgetwin.ts', [
      ...['lab', 'replicator', '--stores', named, '--control', join(directory, 'control')],
      ...['--lag-ms', '5', '--listen', `${block.serviceAddress(4)}:7006`, '--log-level', 'error'],
    ]);
    children.push(child);
    const ready = await nextLine(child);
    assert.match(ready, /^ready http:/);
    return { child, url: ready.slice('ready '.length) };
  };
  const links = async (url: string, body?: unknown): Promise<LinkList> => {
    await using client = new HttpClient(url);
    return await client.call(body === undefined ? 'GET' : 'PUT', '/v1/links', {
      answer: linkList,
      ...(body ? { body } : {}),
    });
  };
  /** Looks until a store has so many rows of the vehicle. */
  const has = async (store: LmdbTwinStore, count: number, vehicle = 'car-1'): Promise<void> => {
    await eventually(`${count} rows`, async () => (await collect(store.history(vehicle))).length >= count);
  };

  it('brings reports, live cells and device rows everywhere, through kills, and holds them back while cut', async () => {
    const [core, edge1, edge2] = stores;
    await using control = await openLmdbControlStore({ path: join(directory, 'control') });
    await control.insertDevice(device('car-1', 1_025));
    const first = await start();
    await edge1!.append([row('car-1', 1)]);
    await edge2!.append([row('car-1', 2)]);
    await edge1!.putLive('car-1', [cell('spd', 1, 1)]);
    for (const store of stores) await has(store, 2);
    await eventually('live cells and device rows are everywhere', async () => {
      const [cells, known] = [await core!.live('car-1'), await edge2!.device('car-1')];
      return cells.length > 0 && known !== undefined;
    });

    await links(first.url, { all: true, cut: true });
    await edge1!.append([row('car-1', 3)]);
    await links(first.url, { from: 'edge-1', to: 'edge-2', cut: false });
    await has(edge2!, 3);
    assert.equal((await collect(core!.history('car-1'))).length, 2);
    await eventually('the link that is cut is behind', async () =>
      (await links(first.url)).links.some(link => link.from === 'edge-1' && link.to === 'core' && link.behindMs > 0),
    );

    const writing = Promise.all(Array.from({ length: 300 }, (_, i) => edge1!.append([row('car-1', 4 + i)])));
    await first.child.kill();
    await writing;
    for (let kills = 0; kills < 2; kills++) {
      const { child } = await start();
      await edge2!.append([row('car-2', kills + 1)]);
      await child.kill();
    }
    await start();
    for (const store of stores) {
      await has(store, 303);
      await has(store, 2, 'car-2');
    }
  });

  it('answers nonsense with a named error and serves on', async () => {
    const { url } = await start();
    await assert.rejects(links(url, { from: 'edge-1', to: 'moon', cut: true }), { code: 'NOT_FOUND' });
    await assert.rejects(links(url, { all: true, cut: 'yes' }), { code: 'REQUEST_INVALID' });
    await assert.rejects(links(url, { all: true, lagMs: -1 }), { code: 'REQUEST_INVALID' });
    assert.equal((await links(url, { all: true, lagMs: 70 })).links.filter(link => link.lagMs === 70).length, 6);
    assert.equal((await links(url)).links.length, 9);
  });
});
