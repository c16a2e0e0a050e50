import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLmdbControlStore } from '../../../store/lmdb/control-store.js';
import { openLmdbTwinStore } from '../../../store/lmdb/twin-store.js';
import { nextLine, startChild } from './child.js';
import { collect, owner, row } from '../../fakes/store-rows.js';

describe('one lmdb store in several processes', function () {
  this.timeout(60_000);
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'edgetwin-store-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('has every acknowledged row of a writer that was killed, and lets others write on', async () => {
    await using store = await openLmdbTwinStore({ path: directory, domain: 'edge-1' });
    const acknowledged = new Map<string, number[]>();
    const children = ['car-1', 'car-2'].map(vehicle => ({
      vehicle,
      child: startChild('test/integration/store/writer-child.ts', [directory, vehicle]),
    }));
    try {
      for (const { vehicle, child } of children) {
        const seqs: number[] = [];
        for (let lines = 0; lines < 200; lines++) seqs.push(...(await nextLine(child)).split(' ').map(Number));
        acknowledged.set(vehicle, seqs);
      }
    } finally {
      for (const { child } of children) await child.kill();
    }
    for (const [vehicle, seqs] of acknowledged) {
      const stored = new Map((await collect(store.history(vehicle))).map(found => [found.seq, found]));
      for (const seq of seqs) assert.deepEqual(stored.get(seq)?.bytes, row(vehicle, seq).bytes);
    }
    await store.append([row('car-3', 1)]);
    assert.equal((await collect(store.history('car-3'))).length, 1);
  });

  it('has a journal row for every row of a writer that was killed', async () => {
    await using store = await openLmdbTwinStore({ path: directory, domain: 'edge-1', journal: false });
    await using child = startChild('test/integration/store/writer-child.ts', [directory, 'car-1']);
    for (let lines = 0; lines < 100; lines++) await nextLine(child);
    await child.kill();
    const journaled = store.journal
      .writers()
      .flatMap(writer => store.journal.read(writer, 0, 1_000_000))
      .flatMap(entry => entry.items.map(key => Buffer.from(key).toString('hex')));
    const stored = store.rawRowsAfter(undefined, 1_000_000).map(({ key }) => Buffer.from(key).toString('hex'));
    assert.deepEqual(journaled.sort(), stored.sort());
  });

  it('gives each epoch to one of several claimers, and burns none twice', async () => {
    const epochs = 60;
    await using store = await openLmdbControlStore({ path: directory });
    await store.insertOwner(owner('car-1', 0));
    const children = ['a', 'b', 'c'].map(name =>
      startChild('test/integration/store/claimer-child.ts', [directory, name, String(epochs)]),
    );
    const results: { won: number[]; burnt: number[] }[] = [];
    try {
      for (const child of children) assert.equal(await nextLine(child), 'ready');
      for (const child of children) child.say('go');
      for (const child of children) results.push(JSON.parse(await nextLine(child)) as (typeof results)[number]);
    } finally {
      for (const child of children) await child.kill();
    }
    const won = results.flatMap(result => result.won);
    assert.equal(new Set(won).size, won.length, 'an epoch has two winners');
    assert.equal((await store.owner('car-1'))?.epoch, epochs);
    const burnt = results.flatMap(result => result.burnt).sort((a, b) => a - b);
    assert.deepEqual(
      burnt,
      Array.from({ length: 3 * epochs }, (_, i) => i + 1),
    );
  });

  it('refuses rows when the disk is full, loses none that it acknowledged, and stays alive', async () => {
    // 4 MB (in blocks of 512 bytes); the signal that goes with the limit is ignored, so that writes fail instead.
    const limit = "trap '' XFSZ; ulimit -f 8000";
    await using child = startChild('test/integration/store/full-disk-child.ts', [directory], limit);
    assert.deepEqual(JSON.parse(await nextLine(child)), { refused: 'STORE_FAILED', complete: true });
    assert.equal(await child.exited(), 0);
  });
});
