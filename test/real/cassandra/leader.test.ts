import { faultsOnStage } from '../../journeys/kill-in-phase.js';
import { twoManagers } from '../../journeys/kill-leader.js';
import { nextStage } from './harness.js';
import { needsCluster } from './shared-cluster.js';

/** The lease of the leader is a row over three domains, changed at SERIAL. */
describe('with Cassandra', () => {
  before(needsCluster);
  faultsOnStage(
    'the leading md-manager lost in a hand-over, by SIGKILL, then by SIGSTOP',
    twoManagers(['killed', 'stopped'], 'manager', nextStage),
    'manager',
    ['prepared', 'redirected'],
  );
});
