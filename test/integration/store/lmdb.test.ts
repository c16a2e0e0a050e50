import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLmdbControlStore } from '../../../store/lmdb/control-store.js';
import { openLmdbTwinStore } from '../../../store/lmdb/twin-store.js';
import { controlStoreContract } from './control-store-contract.js';
import { twinStoreContract, type OpenedStore } from './twin-store-contract.js';

async function opened<Store extends AsyncDisposable>(
  open: (path: string) => Promise<Store>,
): Promise<OpenedStore<Store>> {
  const directory = await mkdtemp(join(tmpdir(), 'edgetwin-store-'));
  const path = join(directory, 'store');
  const handles: Store[] = [];
  const another = async (): Promise<Store> => {
    const store = await open(path);
    handles.push(store);
    return store;
  };
  const close = async (): Promise<void> => {
    for (const handle of handles.splice(0)) await handle[Symbol.asyncDispose]();
  };
  return {
    store: await another(),
    another,
    reopen: async () => {
      await close();
      return another();
    },
    async [Symbol.asyncDispose]() {
      await close();
      await rm(directory, { recursive: true });
    },
  };
}

twinStoreContract('lmdb', async () => {
  const found = await opened(path => openLmdbTwinStore({ path, domain: 'edge-1' }));
  return { ...found, register: rows => found.store.putDevices(rows) };
});
controlStoreContract('lmdb', () => opened(path => openLmdbControlStore({ path })));
