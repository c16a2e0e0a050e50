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

/** Operators and drains among moves, the loss of a host, and whatever is answered. */
const ordered = (world: World): Action[] => [
  { act: 'order', kind: 'ordered', domain: 'edge-2' },
  { act: 'order', kind: 'drain', domain: 'edge-1' },
  { act: 'move', domain: 'edge-2' },
  ...('edge-1/1' in world.all.lost ? [] : [{ act: 'lose', host: 'edge-1/1', dead: true } as const]),
  ...world.actions().filter(({ act }) => ['tick', 'perform'].includes(act)),
];

describe('the hand-over machine, in every order of six events', () => {
  it('keeps its invariants where hand-overs are ordered, too', function () {
    this.timeout(240_000);
    const order = { act: 'order', kind: 'drain', domain: 'edge-1' } as const;
    const drained = new World();
    drained.do(order);
    const met = explore([new World(), after(...PATH.slice(0, 2)), drained], {
      ...{ depth: 6, actions: ordered, key: world => world.key() },
    });
    process.stdout.write(`      ${met} states\n`);
    assert.ok(met > 1_000, `${met} worlds were met`);
  });

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
