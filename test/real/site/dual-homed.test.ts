import assert from 'node:assert/strict';
import { delay } from '../../../common/clock.js';
import { SiteJourney, needsSite } from './harness.js';

const EVERY_MS = 20;

describe('a car that sends by two ports in turn', () => {
  before(needsSite);
  let journey: SiteJourney;
  before(async () => {
    journey = await SiteJourney.open({ extra: { 'device-car-1': ['--report-interval-ms', '50'] } });
    await journey.actsIn(0, 'edge-1');
  });
  after(() => journey?.[Symbol.asyncDispose]());

  it('has two homes, is acknowledged all the while, and its twin stays where it was when the storm set in', async () => {
    let storming = true;
    const storm = (async () => {
      for (let n = 1; storming; n++) {
        await journey.move(0, n % 2 === 0 ? 'ap-1' : 'ap-2');
        await delay(EVERY_MS);
      }
    })();
    try {
      await journey.until('it has two homes', async () => (await journey.flows(0))?.state === 'dual-homed');
      await journey.until('what was begun is over', async () => (await journey.watch.counts())?.running === 0);
      const before = (await journey.vehicle(0))?.acting;
      // As many as take longer than `dwell`, after which another car would be handed over.
      await journey.acknowledges(0, 60);
      assert.deepEqual((await journey.vehicle(0))?.acting, before);
      assert.equal((await journey.flows(0))?.state, 'dual-homed');
    } finally {
      storming = false;
      await storm;
    }
  });

  for (const [accessPoint, domain] of [
    ['ap-2', 'edge-2'],
    ['ap-3', 'edge-1'],
  ] as const)
    it(`settles at ${accessPoint}, its twin in ${domain}`, async () => {
      await journey.move(0, accessPoint);
      await journey.actsIn(0, domain);
      await journey.until('it has one home', async () => (await journey.flows(0))?.state === 'attached');
      assert.equal((await journey.vehicle(0))?.attachment?.accessPoint, accessPoint);
      await journey.acknowledges(0);
    });

  it('and nothing is lost, doubled or left over', async () => {
    const outcome = await journey.endsClean();
    assert.equal(outcome.handovers.failed, 0);
  });
});
