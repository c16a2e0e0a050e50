import type { Resources } from '../../common/lifecycle.js';
import { fault } from '../../protocol/errors.js';
import type { LmdbTwinStore } from '../lmdb/twin-store.js';
import type { AuditConfig } from './config.js';
import type { AuditedStores } from './history-source.js';
import { lmdbSource } from './lmdb-source.js';
import { checkStore } from './read-files.js';

/** Opens the stores that the settings name, to be closed by `resources`. CONFIG_INVALID where one is not there. */
export async function openSources(
  config: AuditConfig,
  resources: Resources,
  signal: AbortSignal,
): Promise<AuditedStores> {
  if (config['store.kind'] === 'lmdb') return openFolders(config, resources);
  const { openCassandraStores } = await import('./open-cassandra.js');
  return openCassandraStores(config, resources, signal);
}

async function openFolders(config: AuditConfig, resources: Resources): Promise<AuditedStores> {
  const { stores, control } = config;
  if (stores.length === 0 || control === undefined)
    throw fault('CONFIG_INVALID', 'with lmdb, stores and control are required');
  for (const path of [...stores, control]) await checkStore(path);
  const { openLmdbTwinStore } = await import('../lmdb/twin-store.js');
  const { openLmdbControlStore } = await import('../lmdb/control-store.js');
  const opened = new Map<string, LmdbTwinStore>();
  for (const path of stores)
    opened.set(path, resources.use(await openLmdbTwinStore({ path, domain: path, journal: false })));
  return { source: lmdbSource(opened), control: resources.use(await openLmdbControlStore({ path: control })) };
}
