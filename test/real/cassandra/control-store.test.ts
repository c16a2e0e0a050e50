import { controlStoreContract } from '../../integration/store/control-store-contract.js';
import { sharedControlKeyspace, type ControlKeyspace } from './control-keyspace.js';
import { DATACENTRES, needsCluster } from './shared-cluster.js';
import { openedStore } from '../../integration/store/opened-store.js';

describe('on three datacentres', function () {
  this.timeout(120_000);
  let keyspace: ControlKeyspace;

  before(needsCluster);
  before(async () => {
    keyspace = await sharedControlKeyspace();
  });

  // Each handle speaks to the node of another domain than the one before it.
  controlStoreContract('Cassandra', async () => {
    await keyspace.empty();
    return openedStore(nth => keyspace.store(DATACENTRES[nth % DATACENTRES.length] ?? ''));
  });
});
