import assert from 'node:assert/strict';
import { openCluster, clusterMissing } from '../../lab/cassandra/cluster.js';
import type { Cluster } from '../../lab/cassandra/lab-cluster.js';
import { violationsOf } from '../../lab/linearizability/contest.js';
import { FAULT_NAMES, drawFaults } from '../../lab/linearizability/node-faults.js';
import { seededRandom } from '../../lab/seeded-random.js';
import { openControlKeyspace, type ControlKeyspace } from '../real/cassandra/control-keyspace.js';
import { contestOwnership } from '../real/cassandra/ownership-contest.js';

const DOMAINS = ['edge-1', 'edge-2', 'core'];
const ROUNDS = 8;
const FAULTS_PER_ROUND = 8;

describe('ownership of vehicles on Cassandra for a long time', () => {
  let cluster: Cluster;
  let keyspace: ControlKeyspace;

  before(async function () {
    const missing = clusterMissing('namespaces');
    if (missing !== undefined) {
      process.stderr.write(`skipped: ${missing}\n`);
      this.skip();
    }
    cluster = await openCluster({ datacentres: DOMAINS, network: 'namespaces' });
    keyspace = await openControlKeyspace(cluster, 'soak');
  });
  after(async () => {
    await keyspace?.[Symbol.asyncDispose]();
    await cluster?.[Symbol.asyncDispose]();
  });

  for (let round = 1; round <= ROUNDS; round++) {
    it(`has one winner per epoch and never goes back, faults with seed ${round}`, async () => {
      const random = seededRandom(round);
      const { contest, owners } = await contestOwnership({
        ...{ cluster, keyspace, clientsPerDomain: 3, random },
        // Of this round alone: what the one before left behind is not known here.
        vehicles: ['car-1', 'car-2', 'car-3'].map(vehicle => `${vehicle}-${round}`),
        faults: [['edge-1'], ['edge-2', 'core']].map(domains =>
          drawFaults(FAULTS_PER_ROUND, FAULT_NAMES, domains, random),
        ),
      });
      process.stdout.write(`      ${JSON.stringify({ outcomes: contest.outcomes, settled: contest.settled })}\n`);
      assert.deepEqual(violationsOf(contest), []);
      for (const read of owners) assert.deepEqual(read, owners[0], 'domains read different owners');
    });
  }
});
