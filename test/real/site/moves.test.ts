import assert from 'node:assert/strict';
import { SiteJourney, needsSite } from './harness.js';

describe('moves on Open vSwitch and Ryu', () => {
  before(needsSite);
  let journey: SiteJourney;
  before(async () => {
    journey = await SiteJourney.open();
    await journey.actsIn(0, 'edge-1');
  });
  after(() => journey?.[Symbol.asyncDispose]());

  it('by port: the twin follows into the other domain', async () => {
    await journey.moveTo(0, 'edge-2');
    await journey.actsIn(0, 'edge-2');
    await journey.acknowledges(0);
  });

  it('by address: the car keeps its twin, which knows it by its new address', async () => {
    await journey.readdress(0, '10.112.7.7');
    await journey.acknowledges(0);
    const record = await journey.until('the move is known', async () => {
      const found = await journey.vehicle(0);
      return found?.attachment?.source.address === '10.112.7.7' && found;
    });
    assert.equal(record.acting?.domain, 'edge-2');
  });

  it('by both at once', async () => {
    await journey.readdress(0, '10.112.8.8');
    await journey.moveTo(0, 'edge-1');
    const record = await journey.actsIn(0, 'edge-1');
    await journey.acknowledges(0);
    assert.equal(record.attachment?.source.address, '10.112.8.8');
  });

  it('inside one domain: a re-route, no hand-over', async () => {
    const before = (await journey.handovers()).length;
    await journey.move(0, 'ap-3');
    await journey.acknowledges(0);
    await journey.until(
      'the move is known',
      async () => (await journey.vehicle(0))?.attachment?.accessPoint === 'ap-3',
    );
    const [latest] = await journey.handovers();
    assert.equal((await journey.handovers()).length, before + 1);
    assert.equal(latest?.kind, 'same-domain');
  });

  it('to and fro every 200 ms: the twin ends where the car is', async () => {
    for (let round = 0; round < 5; round++)
      for (const accessPoint of ['ap-2', 'ap-3']) {
        await journey.move(0, accessPoint);
        await new Promise(resolve => setTimeout(resolve, 200));
      }
    await journey.move(0, 'ap-2');
    await journey.actsIn(0, 'edge-2');
    await journey.acknowledges(0);
  });

  it('and nothing is lost, doubled or left over', async () => {
    const outcome = await journey.endsClean();
    assert.equal(outcome.handovers.failed, 0);
  });
});
