import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lmdbSource } from '../../../../store/audit/lmdb-source.js';
import { openLmdbTwinStore, type LmdbTwinStore } from '../../../../store/lmdb/twin-store.js';
import { collect, row } from '../../../fakes/store-rows.js';

const idOf = ({ vehicle, seq }: { vehicle: string; seq: number }): string => `${vehicle}/${seq}`;

describe('embedded stores as the source of an audit', () => {
  let folder: string;
  let stores: Map<string, LmdbTwinStore>;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'edgetwin-source-'));
    stores = new Map();
    for (const domain of ['edge-1', 'edge-2']) {
      const path = join(folder, domain);
      stores.set(path, await openLmdbTwinStore({ path, domain, journal: false }));
    }
  });
  afterEach(async () => {
    for (const store of stores.values()) await store[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });
  const put = async (domain: string, ...rows: ReturnType<typeof row>[]): Promise<void> =>
    stores.get(join(folder, domain))?.append(rows);

  it('has every row in exactly one range, those of vehicles that come later as well', async () => {
    await put('edge-1', ...['car', 'car-1', 'car-1x', 'd'].flatMap(vehicle => [1, 2, 3].map(seq => row(vehicle, seq))));
    await put('edge-2', row('car-1', 2), row('zoo', 1));
    const source = lmdbSource(stores);
    for (const count of [1, 2, 3, 5, 9]) {
      const ranges = await source.split(count);
      assert.ok(ranges.length <= count, `${ranges.length} of ${count}`);
      const late = row(`a-${count}`, 1);
      await put('edge-1', late, row(`zz-${count}`, 1));
      const found: string[] = [];
      for (const range of ranges)
        for (const domain of source.domains)
          found.push(...(await collect(source.rows(domain, range))).map(one => `${domain} ${idOf(one.row)}`));
      const all: string[] = [];
      for (const [path, store] of stores)
        all.push(...(await collect(store.scan())).map(one => `${path.slice(folder.length + 1)} ${idOf(one)}`));
      assert.deepEqual(found.sort(), all.sort());
      assert.ok(all.includes(`edge-1 ${idOf(late)}`));
    }
  });

  it('gives rows in the order of their keys, over many pages', async () => {
    const rows = Array.from({ length: 1_200 }, (_, i) => row('car-1', i + 1));
    await put('edge-1', ...rows, row('car-2', 1));
    const source = lmdbSource(stores);
    const found = await collect(source.rows('edge-1', { from: 'car-1', to: 'car-2' }));
    assert.deepEqual(
      found.map(one => one.row),
      rows,
    );
    assert.ok(found.every((one, at) => at === 0 || Buffer.compare(found[at - 1]?.key ?? one.key, one.key) < 0));
  });

  it('names domains by their folders, and by whole paths where two have one name', async () => {
    assert.deepEqual(lmdbSource(stores).domains, ['edge-1', 'edge-2']);
    const [store] = stores.values();
    assert.ok(store);
    const twins = new Map([
      ['/a/edge-1', store],
      ['/b/edge-1', store],
    ]);
    assert.deepEqual(lmdbSource(twins).domains, ['/a/edge-1', '/b/edge-1']);
  });
});
