import type { Place } from '../redirect/view.js';
import type { Effect, MessageTag, Step } from './events.js';
import {
  answeredAt,
  FORGET_MS,
  samePlace,
  samePort,
  sameSource,
  type Doubt,
  type Located,
  type State,
  type TagKind,
} from './state.js';

/**
 * Changes that nobody vouches for (DESIGN §5): their frames reach the twin and are answered where they came from, and
 * nothing else changes. One that ran out of time is left alone for 5 s, doubling to 60.
 *
 * A tag names a port, not a source. So of several sources at one port one at a time is asked for its proof: the tags of
 * the others lead nowhere meanwhile, and what comes in by that port's tag is the word of the one whose turn it is.
 */
const DOUBTS_MAX = 4;
const QUIET_FIRST_MS = 5_000;
const QUIET_MAX_MS = 60_000;
/** A source that was not heard for this long does not contend for its port. */
const CONTEND_MS = 10_000;
/** A turn lasts at least this long where others wait; in its first half frames of the turn before may be under way. */
const TURN_MS = 2_000;
/** Frames of the vehicle itself may have come by a port's tag, before it was somebody else's, and be under way for so long. */
const SETTLE_MS = 200;

const UNCONFIRMED: Effect = { do: 'count', what: 'unconfirmed' };

export function keepDoubt(
  state: State,
  seen: Located & { readonly tag: TagKind; readonly detector: string; readonly deadlineMs: number },
  nowMs: number,
): Step {
  const old = state.doubts.find(doubt => samePlace(doubt.place, seen.place));
  if (old !== undefined && (old.at !== 'quiet' || nowMs < old.untilMs)) {
    const heard = { ...old, heardAtMs: nowMs };
    return [{ ...state, doubts: state.doubts.map(doubt => (doubt === old ? heard : doubt)) }];
  }
  const doubt: Doubt = {
    ...seen,
    place: old?.place ?? seen.place,
    sinceMs: nowMs,
    heardAtMs: nowMs,
    at: 'queued',
    quietMs: old?.quietMs ?? QUIET_FIRST_MS / 2,
  };
  const others = state.doubts.filter(other => other !== old);
  if (others.length < DOUBTS_MAX) return [{ ...state, doubts: [...others, doubt] }];
  const oldest = others.reduce((a, b) => (b.heardAtMs < a.heardAtMs ? b : a));
  const kept = others.filter(other => other !== oldest);
  return [{ ...state, doubts: [...kept, doubt] }, ...(oldest.at === 'asking' ? [UNCONFIRMED] : [])];
}

/** Others at the port of a doubt that are still heard. */
const rivals = (doubts: readonly Doubt[], doubt: Doubt, nowMs: number): readonly Doubt[] =>
  doubts.filter(
    other => other !== doubt && samePort(other.place, doubt.place) && nowMs - other.heardAtMs <= CONTEND_MS,
  );

/** Gives each port's turn to the first that waits for it, where nobody has it. */
export function withTurns(state: State, nowMs: number): State {
  let { doubts } = state;
  for (const queued of state.doubts) {
    if (queued.at !== 'queued') continue;
    if (doubts.some(({ at, place }) => at === 'asking' && samePort(place, queued.place))) continue;
    if (nowMs - queued.heardAtMs > CONTEND_MS) {
      doubts = doubts.filter(doubt => doubt !== queued);
      continue;
    }
    const lastsMs = rivals(doubts, queued, nowMs).length > 0 ? Math.max(queued.deadlineMs, TURN_MS) : queued.deadlineMs;
    const asking: Doubt = { ...queued, at: 'asking', askedAtMs: nowMs, untilMs: nowMs + lastsMs };
    doubts = doubts.map(doubt => (doubt === queued ? asking : doubt));
  }
  return doubts === state.doubts ? state : { ...state, doubts };
}

/**
 * What a fresh message that came in by a port vouches for. `ambiguous`: it may be of the source whose turn was before, or of
 * the vehicle itself, which the switch did not tell from this source until now. While answers to a source that was confirmed
 * there are still under way, it may be that one's.
 */
export function confirmable(
  state: State,
  at: MessageTag,
  nowMs: number,
): { readonly result: 'confirmed' | 'nothing-to-confirm' | 'ambiguous'; readonly doubt?: Doubt } {
  const tagged = state.at === 'waiting' ? undefined : state.tagged;
  if (tagged !== undefined && nowMs < tagged.untilMs && samePort(tagged.place, at))
    return { result: 'nothing-to-confirm' };
  const doubt = answeredAt(state.doubts, at);
  if (doubt === undefined || doubt.at === 'queued') return { result: 'nothing-to-confirm' };
  // by the vehicle's own flow, where it is, as somebody else was before it or is now; his frames carry another tag
  if (at.tag === 'confirmed' && doubt.tag === 'unconfirmed') return { result: 'nothing-to-confirm' };
  // its message would have been copied: this one was under way for long, and its sender is confirmed or gone
  if (nowMs - doubt.heardAtMs > CONTEND_MS) return { result: 'nothing-to-confirm' };
  const settlesMs = rivals(state.doubts, doubt, nowMs).length > 0 ? TURN_MS / 2 : isOther(state, doubt) ? SETTLE_MS : 0;
  return nowMs - doubt.askedAtMs < settlesMs ? { result: 'ambiguous' } : { result: 'confirmed', doubt };
}

/** With another source than the vehicle's, or another station: flows tell the frames of the two apart. */
const isOther = (state: State, { place }: Doubt): boolean =>
  state.at !== 'waiting' &&
  (!sameSource(state.here.place, place) || (place.mac !== undefined && place.mac !== state.here.place.mac));

/** A port is down: who was there is not there any more. */
export function dropDoubtsAt(state: State, port: Pick<Place, 'datapath' | 'port'>): Step {
  const gone = state.doubts.filter(({ place }) => samePort(place, port));
  if (gone.length === 0) return [state];
  const doubts = state.doubts.filter(doubt => !gone.includes(doubt));
  return [{ ...state, doubts }, ...gone.filter(({ at }) => at === 'asking').map(() => UNCONFIRMED)];
}

/** Deadlines that have passed, and doubts that nothing was heard of for long. */
export function expireDoubts(state: State, nowMs: number): Step {
  const effects: Effect[] = [];
  const doubts: Doubt[] = [];
  for (const doubt of state.doubts) {
    if (doubt.at === 'asking' && nowMs >= doubt.untilMs) {
      const quietMs = Math.min(QUIET_MAX_MS, doubt.quietMs * 2);
      doubts.push({ ...doubt, at: 'quiet', quietMs, untilMs: nowMs + quietMs });
      effects.push(UNCONFIRMED);
    } else if (doubt.at !== 'quiet' || nowMs < doubt.untilMs + FORGET_MS) doubts.push(doubt);
  }
  const same = effects.length === 0 && doubts.length === state.doubts.length;
  return [same ? state : { ...state, doubts }, ...effects];
}
