import type { ControlStore } from '../../../store/types.js';
import { controlStoreContract } from '../../integration/store/control-store-contract.js';
import { openControlKeyspace, type ControlKeyspace } from './control-keyspace.js';
import { DATACENTRES, freshPrefix, needsCluster, sharedCluster } from './shared-cluster.js';

describe('on three datacentres', function () {
  this.timeout(120_000);
  let keyspace: ControlKeyspace;

  before(needsCluster);
  before(async () => {
    keyspace = await openControlKeyspace(await sharedCluster(), freshPrefix());
  });
  after(() => keyspace?.[Symbol.asyncDispose]());

  // Each handle speaks to the node of another domain than the one before it.
  controlStoreContract('Cassandra', async () => {
    await keyspace.empty();
    const handles: ControlStore[] = [];
    const another = async (): Promise<ControlStore> => {
      const store = await keyspace.store(DATACENTRES[handles.length % DATACENTRES.length] ?? '');
      handles.push(store);
      return store;
    };
    const close = async (): Promise<void> => {
      for (const handle of handles) await handle[Symbol.asyncDispose]();
    };
    return {
      store: await another(),
      another,
      reopen: async () => {
        await close();
        return another();
      },
      [Symbol.asyncDispose]: close,
    };
  });
});
