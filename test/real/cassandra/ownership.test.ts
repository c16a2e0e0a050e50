import assert from 'node:assert/strict';
import { violationsOf } from '../../../lab/linearizability/contest.js';
import type { NodeFault } from '../../../lab/linearizability/node-faults.js';
import { seededRandom } from '../../../lab/seeded-random.js';
import { sharedControlKeyspace, type ControlKeyspace } from './control-keyspace.js';
import { contestOwnership } from './ownership-contest.js';
import { needsCluster, sharedCluster, sharedClusterMissing } from './shared-cluster.js';

/** Each a minority, of every kind and in every domain: most claims go through, and those of that domain are unknown. */
const FAULTS: readonly NodeFault[] = [
  { do: 'cut off', domain: 'edge-1', forMs: 4_000, thenMs: 1_000 },
  { do: 'pause', domain: 'edge-2', forMs: 3_000, thenMs: 1_000 },
  { do: 'kill', domain: 'core', forMs: 1_000, thenMs: 1_000 },
  { do: 'pause', domain: 'core', forMs: 1_000, thenMs: 500 },
];

describe('ownership of vehicles on Cassandra', function () {
  this.timeout(180_000);
  let keyspace: ControlKeyspace;

  before(needsCluster);
  before(async () => {
    keyspace = await sharedControlKeyspace();
  });

  it('has one winner per epoch and never goes back, while three domains contend and nodes are cut off, paused and killed', async () => {
    // Without namespaces no link can be cut; nodes can be paused and killed all the same.
    const cuts = sharedClusterMissing(true) === undefined;
    const { contest, owners } = await contestOwnership({
      cluster: await sharedCluster(),
      ...{ keyspace, clientsPerDomain: 3, random: seededRandom(7) },
      vehicles: ['contended-1', 'contended-2', 'contended-3'],
      faults: [FAULTS.filter(fault => cuts || fault.do !== 'cut off')],
    });
    assert.deepEqual(violationsOf(contest), []);
    const [one, ...others] = owners;
    for (const read of others) assert.deepEqual(read, one, 'domains read different owners');
    for (const [i, [vehicle, { operations }]] of [...contest.records].entries()) {
      const highest = Math.max(
        ...operations.flatMap(o => (o.do === 'read' || o.outcome === 'applied' ? [o.epoch] : [])),
      );
      assert.ok((one?.[i]?.epoch ?? -1) >= highest, `${vehicle} was at ${highest}, and is at ${one?.[i]?.epoch}`);
    }
    const { outcomes, settled } = contest;
    const what = JSON.stringify({ outcomes, settled });
    assert.ok(outcomes.applied > 50 && outcomes.refused > 50 && outcomes.unknown > 0, what);
    assert.ok(settled.applied > 0 && settled.refused > 0, what);
    process.stdout.write(`      ${what}\n`);
  });
});
