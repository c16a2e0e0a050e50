import assert from 'node:assert/strict';
import { explore } from '../../../fakes/explore-handovers.js';
import { PATH, World, after, type Action } from '../../../fakes/handover-world.js';

const leased = (...then: Action[]): World => {
  const world = new World();
  world.do({ act: 'lease', host: 'edge-2/2', way: 'armed' });
  for (const next of then) world.do(next);
  return world;
};
const use = { act: 'use', host: 'edge-2/2' } as const;

describe('the hand-over machine, in every order of six events', () => {
  it('keeps its invariants, from rest, from a lease, and from the middle of each kind of hand-over', function () {
    this.timeout(240_000);
    const met = explore(
      [
        new World(),
        after(...PATH.slice(0, 2)),
        after(...PATH.slice(0, 4)),
        after(...PATH.slice(0, 5)),
        after(...PATH),
        leased(),
        leased(use),
        leased({ act: 'move', domain: 'edge-2' }, use),
        leased(use, { act: 'tell' }),
      ],
      { depth: 6, actions: world => world.actions(), key: world => world.key() },
    );
    assert.ok(met > 25_000, `${met} worlds were met`);
  });
});
