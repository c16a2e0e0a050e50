import assert from 'node:assert/strict';
import { Journey } from './harness.js';

describe('an empty pool and a cut replication', () => {
  let journey: Journey;
  before(async () => {
    journey = await Journey.open({ extra: { 'md-manager': ['--pool-size', 'core=1,edge-1=1,edge-2=0'] } });
    await journey.system.cutReplication(true);
    await journey.moveTo(0, 'edge-1');
    await journey.actsIn(0, 'edge-1');
  });
  after(() => journey?.[Symbol.asyncDispose]());

  it('a move into a domain without a host goes the way `cold`, the old twin serving meanwhile', async () => {
    await journey.moveTo(0, 'edge-2');
    await journey.acknowledges(0, 1);
    await journey.actsIn(0, 'edge-2');
    const record = (await journey.handovers()).find(({ toDomain, kind }) => toDomain === 'edge-2' && kind === 'move');
    assert.deepEqual([record?.way, record?.result], ['cold', 'completed']);
    await journey.acknowledges(0);
  });

  it('hand-overs go on while no domain hears of the other’s reports', async () => {
    await journey.moveTo(0, 'edge-1');
    await journey.actsIn(0, 'edge-1');
    await journey.acknowledges(0);
  });

  it('and after healing every domain has every report, once', async () => {
    await journey.system.cutReplication(false);
    const outcome = await journey.endsClean();
    assert.equal(outcome.handovers.failed, 0);
    await journey.until('the stores agree', async () => {
      const counts = await journey.system.storedPerDomain();
      return new Set(counts.values()).size === 1;
    });
  });
});
