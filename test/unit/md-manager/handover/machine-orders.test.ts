import assert from 'node:assert/strict';
import { messageOf } from '../../../../common/errors.js';
import { PATH, World, after, type Action } from '../../../fakes/handover-world.js';

const DEPTH = 6;

interface Branch {
  readonly world: World;
  readonly start: number;
  /** How it came here from its start, newest last. */
  readonly path: readonly Action[];
}

/**
 * Every order of six events from each of the starts. A world that was met is not explored again: the search goes from all
 * starts at once and breadth first, so that it was met with as many events still to come, or with more.
 */
function explore(starts: readonly World[]): number {
  let front = starts.map((world, start): Branch => ({ world, start, path: [] }));
  const seen = new Set<string>();
  for (let depth = 1; depth <= DEPTH; depth++) {
    const next: Branch[] = [];
    for (const { world, start, path } of front)
      for (const action of world.actions()) {
        const branch = { world: world.clone(), start, path: [...path, action] };
        attempt(branch, action);
        // What comes of the last event is checked and not gone on from.
        if (depth === DEPTH) continue;
        const key = branch.world.key();
        if (!seen.has(key)) next.push(branch);
        seen.add(key);
      }
    front = next;
  }
  return seen.size;
}

function attempt({ world, start, path }: Branch, action: Action): void {
  try {
    world.do(action);
  } catch (error) {
    throw new Error(`${messageOf(error)}, from start ${start} by ${JSON.stringify(path)}`, { cause: error });
  }
}

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
    const met = explore([
      new World(),
      after(...PATH.slice(0, 2)),
      after(...PATH.slice(0, 4)),
      after(...PATH.slice(0, 5)),
      after(...PATH),
      leased(),
      leased(use),
      leased({ act: 'move', domain: 'edge-2' }, use),
      leased(use, { act: 'tell' }),
    ]);
    assert.ok(met > 25_000, `${met} worlds were met`);
  });
});
