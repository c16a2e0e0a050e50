import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEnvironment } from '../../../store/lmdb/environment.js';
import { openLmdbControlStore } from '../../../store/lmdb/control-store.js';

const WRITER_BEGINS_MS = 20;

describe('an lmdb environment', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'edgetwin-environment-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  // With an environment of its own, the second one waited for the writer of the first, which waited for this thread.
  it('is shared by all who open it in one process, by whatever name, also while it is written', async () => {
    const path = join(folder, 'made', 'store');
    const link = join(folder, 'link');
    await using first = openEnvironment(path);
    await symlink(path, link);
    const table = first.table('rows');
    const key = Buffer.from('key');
    const write = table.transaction(() => void table.put(key, Buffer.from('value')));
    // In the next turn its writer begins, takes the lock, and asks for this thread, which does not look up meanwhile.
    await new Promise(resolve => setImmediate(resolve));
    for (const endMs = performance.now() + WRITER_BEGINS_MS; performance.now() < endMs;);
    await using second = openEnvironment(link);
    assert.ok(second.table('rows') === table);
    await write;
    assert.equal(second.table('rows').get(key)?.toString(), 'value');
    assert.equal(second.table('more').get(key), undefined);
  });

  it('is open until the last of them has closed it', async () => {
    const path = join(folder, 'store');
    const first = await openLmdbControlStore({ path });
    await using second = await openLmdbControlStore({ path });
    await first[Symbol.asyncDispose]();
    await first[Symbol.asyncDispose]();
    assert.deepEqual(await second.allSettings(), []);
  });

  it('is not opened again before it is closed', async () => {
    const path = join(folder, 'store');
    const closed = openEnvironment(path)[Symbol.asyncDispose]();
    assert.throws(() => openEnvironment(path), { code: 'STORE_FAILED', message: /about to close it/ });
    await closed;
    await openEnvironment(path)[Symbol.asyncDispose]();
  });

  it('that cannot be opened may be tried again', async () => {
    const path = join(folder, 'store');
    await mkdir(join(path, 'data.mdb'), { recursive: true });
    await assert.rejects(openLmdbControlStore({ path }), { code: 'STORE_FAILED' });
    await rm(path, { recursive: true });
    await using store = await openLmdbControlStore({ path });
    assert.deepEqual(await store.allSettings(), []);
  });
});
