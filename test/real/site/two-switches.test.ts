import assert from 'node:assert/strict';
import { SiteJourney, needsSite } from './harness.js';

/** The second switch has every access point and all hosts of edge-2; a trunk joins them. */
describe('two switches and a trunk', () => {
  before(needsSite);
  let journey: SiteJourney;
  before(async () => {
    journey = await SiteJourney.open({ switches: 2, links: { 'trunk:1-2': {} } });
    await journey.actsIn(0, 'edge-1');
  });
  after(() => journey?.[Symbol.asyncDispose]());

  const isServedAt = async (datapath: number, domain: string): Promise<void> => {
    const record = await journey.actsIn(0, domain);
    assert.equal(record.attachment?.datapath, datapath);
    await journey.acknowledges(0);
  };

  it('a car goes from switch to switch and back', async () => {
    for (let round = 0; round < 2; round++) {
      await journey.moveTo(0, 'edge-2');
      await isServedAt(2, 'edge-2');
      await journey.moveTo(0, 'edge-1');
      await isServedAt(1, 'edge-1');
    }
  });

  it('and inside the second switch, without a hand-over', async () => {
    await journey.moveTo(0, 'edge-2');
    await isServedAt(2, 'edge-2');
    const before = (await journey.movesOf(0)).length;
    await journey.move(0, 'ap-4');
    await journey.until('it is known there', async () => (await journey.vehicle(0))?.attachment?.port === 4);
    await journey.acknowledges(0);
    assert.equal((await journey.movesOf(0)).length, before);
  });

  it('the trunk is cut: a car is served on either side, and goes over by a slot that is kept for it', async () => {
    const { network } = journey.system;
    await journey.until('edge-1 is armed', async () => (await journey.flows(0))?.armed.includes('edge-1'));
    await network.setLink('trunk:1-2', { up: false });
    await journey.acknowledges(0);
    await journey.moveTo(0, 'edge-1');
    await journey.acknowledges(0);
    await isServedAt(1, 'edge-1');
    await network.setLink('trunk:1-2', { up: true });
  });

  it('the trunk is cut right after a move: what has to cross it comes through when it is mended', async () => {
    const { network } = journey.system;
    await journey.moveTo(0, 'edge-2');
    await network.setLink('trunk:1-2', { up: false });
    await journey.until('it is known there', async () => (await journey.vehicle(0))?.attachment?.datapath === 2);
    await network.setLink('trunk:1-2', { up: true });
    await isServedAt(2, 'edge-2');
    await journey.moveTo(0, 'edge-1');
    await isServedAt(1, 'edge-1');
  });

  it('the second switch is restarted empty, with the car at the first and then at it', async () => {
    const second = journey.system.switches[1];
    assert.ok(second);
    await second.kill();
    await journey.acknowledges(0);
    await second.restart();
    await journey.moveTo(0, 'edge-2');
    await isServedAt(2, 'edge-2');
    await second.kill();
    await second.restart();
    await journey.acknowledges(0);
    await journey.moveTo(0, 'edge-1');
    await isServedAt(1, 'edge-1');
  });

  it('and nothing is lost, doubled or left over', async () => {
    const outcome = await journey.endsClean();
    assert.equal(outcome.handovers.failed, 0);
  });
});
