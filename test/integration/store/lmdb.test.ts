import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLmdbControlStore } from '../../../store/lmdb/control-store.js';
import { openLmdbTwinStore } from '../../../store/lmdb/twin-store.js';
import { controlStoreContract } from './control-store-contract.js';
import { openedStore, type OpenedStore } from './opened-store.js';
import { twinStoreContract } from './twin-store-contract.js';

async function opened<Store extends AsyncDisposable>(
  open: (path: string) => Promise<Store>,
): Promise<OpenedStore<Store>> {
  const directory = await mkdtemp(join(tmpdir(), 'edgetwin-store-'));
  return openedStore(
    () => open(join(directory, 'store')),
    () => rm(directory, { recursive: true }),
  );
}

twinStoreContract('lmdb', async () => {
  const found = await opened(path => openLmdbTwinStore({ path, domain: 'edge-1' }));
  return { ...found, register: rows => found.store.putDevices(rows) };
});
controlStoreContract('lmdb', () => opened(path => openLmdbControlStore({ path })));
