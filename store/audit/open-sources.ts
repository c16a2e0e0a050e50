import type { Resources } from '../../common/lifecycle.js';
import { openLmdbControlStore } from '../lmdb/control-store.js';
import { openLmdbTwinStore, type LmdbTwinStore } from '../lmdb/twin-store.js';
import type { ControlStore } from '../types.js';
import type { AuditConfig } from './config.js';
import type { HistorySource } from './history-source.js';
import { lmdbSource } from './lmdb-source.js';
import { checkStore } from './read-files.js';

export interface AuditedStores {
  readonly source: HistorySource;
  readonly control: ControlStore;
}

/** Opens the stores that the settings name, to be closed by `resources`. CONFIG_INVALID where one is not there. */
export async function openSources(config: AuditConfig, resources: Resources): Promise<AuditedStores> {
  for (const path of [...config.stores, config.control]) await checkStore(path);
  const stores = new Map<string, LmdbTwinStore>();
  for (const path of config.stores)
    stores.set(path, resources.use(await openLmdbTwinStore({ path, domain: path, journal: false })));
  const control = resources.use(await openLmdbControlStore({ path: config.control }));
  return { source: lmdbSource(stores), control };
}
