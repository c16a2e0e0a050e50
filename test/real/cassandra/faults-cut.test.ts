import assert from 'node:assert/strict';
import { delay } from '../../../common/clock.js';
import { DATACENTRES, needsCuts } from './shared-cluster.js';
import { openStage, storesAgree, type Stage } from './harness.js';

const SPEED = 20;

describe('a domain that is cut off from the others, nodes and hosts,', () => {
  before(needsCuts);

  for (const domain of DATACENTRES)
    it(`${domain}, for a whole drive: nothing is lost, doubled or owned twice`, async function () {
      this.timeout(300_000);
      await using stage = await openStage({ cars: 2, speed: SPEED });
      const { journey } = stage;
      await stage.cutOff(domain);
      await delay(Math.max(0, journey.system.driveEndsAtMs - Date.now()));
      await stage.heal();
      await stage.cluster.settled();
      const outcome = await journey.endsClean();
      // The manager is in core: while that is alone nobody claims, and what was to be handed over has come back or waits.
      const { completed, failed, cancelled } = outcome.handovers;
      const ended = domain === 'core' ? completed + failed + cancelled : completed;
      assert.ok(ended >= 1, JSON.stringify(outcome.handovers));
      await storesAgree(stage);
    });
});

describe('partitions of three domains', () => {
  let stage: Stage;
  before(needsCuts);
  before(async () => {
    stage = await openStage({ cars: 2 });
    await stage.journey.moveTo(0, 'edge-1');
    await stage.journey.actsIn(0, 'edge-1');
    await stage.journey.moveTo(1, 'edge-2');
    await stage.journey.actsIn(1, 'edge-2');
  });
  after(() => stage?.[Symbol.asyncDispose]());

  it('with edge-2 cut off, its reports are stored and acknowledged, and the others hand over', async () => {
    const { journey, cluster } = stage;
    // The nodes alone: what serves the car does not change.
    await cluster.cutOff('edge-2');
    await journey.acknowledges(1, 6);
    assert.equal((await journey.vehicle(1))?.acting?.domain, 'edge-2');
    await journey.moveTo(0, 'edge-2');
    await journey.acknowledges(0);
    await journey.moveTo(0, 'edge-1');
    await journey.actsIn(0, 'edge-1');
  });

  it('with none reaching any other, all store and acknowledge, and nobody claims', async () => {
    const { journey, cluster } = stage;
    await cluster.cut('edge-1', 'core');
    const epochs = async (): Promise<(number | undefined)[]> =>
      Promise.all([0, 1].map(async index => (await journey.vehicle(index))?.acting?.epoch));
    const before = await epochs();
    await journey.moveTo(0, 'edge-2');
    await Promise.all([journey.acknowledges(0, 6), journey.acknowledges(1, 6)]);
    assert.deepEqual(await epochs(), before);
  });

  it('with two of three joined again, the majority goes on where it stopped', async () => {
    const { journey, cluster } = stage;
    await cluster.heal('edge-1', 'core');
    await journey.actsIn(0, 'edge-2');
    await journey.acknowledges(1);
  });

  it('and healed, all converge: nothing is lost or doubled, and each vehicle has one owner', async () => {
    const { journey, cluster } = stage;
    await cluster.rejoin('edge-2');
    await cluster.settled();
    await journey.acknowledges(0);
    await journey.endsClean();
    await storesAgree(stage);
  });
});
