import assert from 'node:assert/strict';
import { SiteJourney, needsSite } from './harness.js';

const CARS = 12;
const EVERY_CAR = Array.from({ length: CARS }, (_, index) => index);

describe(`a storm: ${CARS} cars change port at once`, () => {
  before(needsSite);
  let journey: SiteJourney;
  before(async () => {
    journey = await SiteJourney.open({ cars: CARS });
    // Each car's routes have been changed once: from now on it takes no time to start what changes them.
    await Promise.all(EVERY_CAR.map(index => journey.moveTo(index, 'edge-1')));
    await allAct('edge-1');
  });
  after(() => journey?.[Symbol.asyncDispose]());

  const allAct = (domain: string): Promise<unknown> =>
    Promise.all(EVERY_CAR.map(index => journey.actsIn(index, domain)));

  for (const domain of ['edge-2', 'edge-1'])
    it(`every twin follows into ${domain}`, async () => {
      await Promise.all(EVERY_CAR.map(index => journey.moveTo(index, domain)));
      await allAct(domain);
      await Promise.all(EVERY_CAR.map(index => journey.acknowledges(index)));
    });

  it('and nothing is lost, doubled or left over', async () => {
    const outcome = await journey.endsClean();
    assert.equal(outcome.handovers.failed, 0);
    const moves = (await journey.handovers()).filter(({ kind, result }) => kind === 'move' && result === 'completed');
    assert.equal(moves.length, 2 * CARS);
  });
});
