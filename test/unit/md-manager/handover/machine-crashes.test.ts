import assert from 'node:assert/strict';
import { explore } from '../../../fakes/explore-handovers.js';
import { World, after, type Action } from '../../../fakes/handover-world.js';

const MAX_CRASHES = 2;

/** What the world does by itself, and the manager's death: with what it writes behind its work, and without. */
const actions = (world: World): readonly Action[] => {
  const { pending, crashes } = world.all;
  return [
    ...['edge-1', 'edge-2'].map(domain => ({ act: 'move', domain }) as const),
    ...(crashes < MAX_CRASHES ? [true, false].map(written => ({ act: 'crash', written }) as const) : []),
    { act: 'tick' },
    ...pending.flatMap((effect, index) => [
      // Performed effects stay under way: each may be performed again.
      { act: 'perform', index, how: 'well' } as const,
      { act: 'perform', index, how: 'unheard' } as const,
      ...(effect.do === 'prepare' ? [{ act: 'perform', index, how: 'badly' } as const] : []),
    ]),
  ];
};

describe('the hand-over machine, in every order of six events, deaths of its manager among them', () => {
  it('has one acting twin and leaks no slot, whatever is lost, doubled or late', function () {
    this.timeout(240_000);
    const starts = [
      new World(),
      after('burnEpoch', 'putIntent'),
      after('burnEpoch', 'putIntent', 'prepare', 'redirect'),
    ];
    const met = explore(starts, { depth: 6, actions, key: world => world.wholeKey() });
    process.stdout.write(`      ${met} states\n`);
    assert.ok(met > 1_000, `${met} worlds were met`);
  });
});
