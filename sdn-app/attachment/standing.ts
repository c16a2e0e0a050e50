import type { Rules } from './events.js';
import type { Located, Standing, State, TagKind } from './state.js';

/** A place that a vehicle is taken to be at, and what said so. */
export interface Target extends Located {
  readonly tag: TagKind;
  readonly detector: string;
  readonly detectedAtMs: number;
}

/** Later than this no answer to a frame comes; another source at the same port has the same tag and must not get these. */
const TAGGED_MS = 1_000;
/** Enough for the test of two homes. */
const REROUTES_MAX = 5;

/** Being at a place from now on. */
export function standingAt(state: State, to: Target, nowMs: number, rules: Rules): Standing {
  const { place, domain } = to;
  const homes = state.at === 'waiting' ? [] : state.at === 'dual-homed' ? state.dual.homes : [state.here];
  const before = state.at === 'waiting' ? undefined : state;
  const left = homes.map(home => ({ place: home.place, untilMs: nowMs + rules.straggleMs }));
  const tagged = to.tag === 'unconfirmed' ? { place, untilMs: nowMs + TAGGED_MS } : before?.tagged;
  const move = before === undefined ? [] : [{ from: before.here.place, to: place, atMs: nowMs }];
  return {
    here: { place, domain },
    sinceMs: nowMs,
    left,
    ...(tagged === undefined ? {} : { tagged }),
    reroutes: [...(before?.reroutes ?? []), ...move].slice(-REROUTES_MAX),
    ...(before?.last === undefined ? {} : { last: before.last }),
  };
}

/** The last place that the manager was told of. */
export function reported(state: State): Located | undefined {
  switch (state.at) {
    case 'waiting':
      return undefined;
    case 'attached':
      return state.here;
    case 'moving':
      return state.move.from;
    case 'dual-homed':
      return state.dual.from;
  }
}
