import type { Effect, Step } from './events.js';
import {
  contenders,
  FORGET_MS,
  samePlace,
  samePort,
  type Doubt,
  type Located,
  type State,
  type TagKind,
} from './state.js';

/**
 * Changes that nobody vouches for (DESIGN §5): their frames reach the twin and are answered where they came from, and
 * nothing else changes. One that ran out of time is left alone for 5 s, doubling to 60.
 */
const DOUBTS_MAX = 4;
const QUIET_FIRST_MS = 5_000;
const QUIET_MAX_MS = 60_000;

export function keepDoubt(
  state: State,
  seen: Located & { readonly tag: TagKind; readonly detector: string },
  deadlineMs: number,
  nowMs: number,
): Step {
  const old = state.doubts.find(doubt => samePlace(doubt.place, seen.place));
  if (old !== undefined && (old.at === 'asking' || nowMs < old.untilMs)) {
    const heard = { ...old, heardAtMs: nowMs };
    return [{ ...state, doubts: state.doubts.map(doubt => (doubt === old ? heard : doubt)) }];
  }
  const doubt: Doubt = {
    ...seen,
    place: old?.place ?? seen.place,
    sinceMs: nowMs,
    heardAtMs: nowMs,
    at: 'asking',
    untilMs: nowMs + deadlineMs,
    quietMs: old?.quietMs ?? QUIET_FIRST_MS / 2,
  };
  const others = state.doubts.filter(other => other !== old);
  if (others.length < DOUBTS_MAX) return [{ ...state, doubts: [...others, doubt] }];
  const oldest = others.reduce((a, b) => (b.heardAtMs < a.heardAtMs ? b : a));
  const kept = others.filter(other => other !== oldest);
  return [{ ...state, doubts: [...kept, doubt] }, ...(oldest.at === 'asking' ? [UNCONFIRMED] : [])];
}

const UNCONFIRMED: Effect = { do: 'count', what: 'unconfirmed' };

/**
 * What a fresh message that came in by a port vouches for. It tells the port alone: where two unconfirmed sources share
 * it, neither is taken; and while answers to a source that was confirmed there are still under way, it may be that one's.
 */
export function confirmable(
  state: State,
  at: { readonly datapath: number; readonly port: number },
  nowMs: number,
): { readonly result: 'confirmed' | 'nothing-to-confirm' | 'ambiguous'; readonly doubt?: Doubt } {
  if (state.at !== 'waiting') {
    const { tagged } = state;
    if (tagged !== undefined && nowMs < tagged.untilMs && samePort(tagged.place, at))
      return { result: 'nothing-to-confirm' };
  }
  const [doubt, other] = contenders(state.doubts, at);
  if (doubt === undefined) return { result: 'nothing-to-confirm' };
  return other === undefined ? { result: 'confirmed', doubt } : { result: 'ambiguous' };
}

/** A port is down: who was there is not there any more. */
export function dropDoubtsAt(state: State, port: { readonly datapath: number; readonly port: number }): Step {
  const doubts = state.doubts.filter(({ place }) => !samePort(place, port));
  if (doubts.length === state.doubts.length) return [state];
  const asking = state.doubts.filter(({ place, at }) => samePort(place, port) && at === 'asking');
  return [{ ...state, doubts }, ...asking.map(() => UNCONFIRMED)];
}

/** Deadlines that have passed, and doubts that nothing was heard of for long. */
export function expireDoubts(state: State, nowMs: number): Step {
  const effects: Effect[] = [];
  const doubts: Doubt[] = [];
  let changed = false;
  for (const doubt of state.doubts) {
    if (doubt.at === 'asking' && nowMs >= doubt.untilMs) {
      const quietMs = Math.min(QUIET_MAX_MS, doubt.quietMs * 2);
      doubts.push({ ...doubt, at: 'quiet', quietMs, untilMs: nowMs + quietMs });
      effects.push(UNCONFIRMED);
      changed = true;
    } else if (doubt.at === 'quiet' && nowMs >= doubt.untilMs + FORGET_MS) changed = true;
    else doubts.push(doubt);
  }
  return [changed ? { ...state, doubts } : state, ...effects];
}
