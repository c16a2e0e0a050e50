import { NOTHING_ARMED } from '../../journeys/harness.js';
import { killPart, killsOnStage } from '../../journeys/kill-in-phase.js';
import { openStage } from './harness.js';
import { needsCluster } from './shared-cluster.js';

/** What a manager that is started again knows, it knows from Cassandra. */
describe('with Cassandra', () => {
  before(needsCluster);
  killsOnStage(
    'md-manager',
    {
      async open(gates) {
        const stage = await openStage({ extra: NOTHING_ARMED });
        for (const [name, gate] of stage.gates) gates.set(name, gate);
        return stage.journey;
      },
      kill: journey => killPart(journey, 'md-manager'),
    },
    'manager',
    'one a phase',
  );
});
