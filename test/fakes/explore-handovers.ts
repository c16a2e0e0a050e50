import { messageOf } from '../../common/errors.js';
import { type Action, type World } from './handover-world.js';

interface Branch {
  readonly world: World;
  readonly start: number;
  /** How it came here from its start, newest last. */
  readonly path: readonly Action[];
}

export interface Exploration {
  readonly depth: number;
  /** What may happen next. */
  readonly actions: (world: World) => readonly Action[];
  /** Two worlds with the same key go on in the same way, whatever of `actions` happens. */
  readonly key: (world: World) => string;
}

/**
 * Every order of so many events from each of the starts; gives the number of worlds met. One that was met is not explored again: the
 * search goes from all starts at once and breadth first, so that it was met with as many events still to come, or with more.
 */
export function explore(starts: readonly World[], { depth: deepest, actions, key: keyOf }: Exploration): number {
  let front = starts.map((world, start): Branch => ({ world, start, path: [] }));
  const seen = new Set<string>();
  for (let depth = 1; depth <= deepest; depth++) {
    const next: Branch[] = [];
    for (const { world, start, path } of front)
      for (const action of actions(world)) {
        const branch = { world: world.clone(), start, path: [...path, action] };
        attempt(branch, action);
        // What comes of the last event is checked and not gone on from.
        if (depth === deepest) continue;
        const key = keyOf(branch.world);
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
