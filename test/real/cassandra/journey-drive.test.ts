import assert from 'node:assert/strict';
import { delay } from '../../../common/clock.js';
import { openStage, storesAgree } from './harness.js';
import { needsCluster } from './shared-cluster.js';

const SPEED = 12;

describe('a recorded drive with Cassandra', () => {
  before(needsCluster);

  it('loses and doubles nothing while one node after the other is restarted', async function () {
    this.timeout(240_000);
    await using stage = await openStage({ cars: 2, speed: SPEED });
    const { cluster, journey } = stage;
    for (const node of cluster.nodes) {
      await node.stop();
      await node.restart();
    }
    await delay(Math.max(0, journey.system.driveEndsAtMs - Date.now()));
    const outcome = await journey.endsClean();
    assert.ok(outcome.handovers.completed >= 4, JSON.stringify(outcome.handovers));
    await storesAgree(stage);
  });
});
