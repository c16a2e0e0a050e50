import assert from 'node:assert/strict';
import type { LinkQuality } from '../../../lab/netns/spec.js';
import { SiteJourney, needsSite } from './harness.js';

const GOOD: LinkQuality = { delayMs: 0, loss: 0 };
/** What the car leaves, and what it comes to. */
const BAD: readonly { readonly say: string; readonly left: LinkQuality; readonly entered: LinkQuality }[] = [
  { say: 'lost on both', left: { ...GOOD, loss: 0.3 }, entered: { ...GOOD, loss: 0.3 } },
  { say: 'doubled on both', left: { ...GOOD, doubled: 1 }, entered: { ...GOOD, doubled: 1 } },
  // Later than any straggler: the last frames at the old port look like a move back.
  { say: 'late where it left', left: { ...GOOD, delayMs: 200 }, entered: GOOD },
  { say: 'late where it came to', left: GOOD, entered: { ...GOOD, delayMs: 200 } },
  {
    say: 'late, lost and doubled',
    left: { delayMs: 100, loss: 0.2, doubled: 0.2 },
    entered: { delayMs: 30, loss: 0.2, doubled: 0.2 },
  },
];

describe('moves over links that are bad: frames are', () => {
  before(needsSite);
  let journey: SiteJourney;
  before(async () => {
    journey = await SiteJourney.open({
      links: { 'access:ap-1': GOOD, 'access:ap-2': GOOD },
      extra: { 'device-car-1': ['--report-interval-ms', '100'] },
    });
    await journey.actsIn(0, 'edge-1');
  });
  after(() => journey?.[Symbol.asyncDispose]());

  const domains = ['edge-1', 'edge-2'] as const;
  for (const [index, { say, left, entered }] of BAD.entries())
    it(say, async () => {
      const { network } = journey.system;
      const from = index % 2;
      const qualities = from === 0 ? [left, entered] : [entered, left];
      for (const [at, quality] of qualities.entries()) await network.setLink(`access:ap-${at + 1}`, quality);
      await journey.moveTo(0, domains[1 - from] ?? '');
      await journey.actsIn(0, domains[1 - from] ?? '');
      await journey.acknowledges(0, 10);
      for (const at of [1, 2]) await network.setLink(`access:ap-${at}`, GOOD);
    });

  it('and nothing is lost, doubled or left over', async () => {
    const outcome = await journey.endsClean();
    assert.equal(outcome.handovers.failed, 0);
  });
});
