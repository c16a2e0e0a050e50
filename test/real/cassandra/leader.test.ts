import { planOfCluster } from '../../../lab/demo/store-words.js';
import { faultsOnStage } from '../../journeys/kill-in-phase.js';
import { twoManagers } from '../../journeys/kill-leader.js';
import { freshPrefix, needsCluster, sharedCluster } from './shared-cluster.js';

/** The lease of the leader is a row over three domains, changed at SERIAL. */
describe('with Cassandra', () => {
  before(needsCluster);
  faultsOnStage(
    'the leading md-manager lost in a hand-over, by SIGKILL, then by SIGSTOP',
    twoManagers(['killed', 'stopped'], 'manager', async () => ({
      cassandra: planOfCluster(await sharedCluster(), freshPrefix()),
    })),
    'manager',
    ['prepared', 'redirected'],
  );
});
