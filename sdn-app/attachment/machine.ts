import { applied, failed, moveTo, retry } from './moving.js';
import { armed, expireArming } from './arming.js';
import { changeOf, detectorOf, isTrusted } from './detectors.js';
import { confirmable, dropDoubtsAt, expireDoubts, keepDoubt, withTurns } from './doubts.js';
import { counted, homeDown, readDue } from './dual-homed.js';
import type { Effect, Event, Rules, Step } from './events.js';
import {
  alsoOf,
  armedOf,
  attachedAt,
  doubtedOf,
  leftOf,
  placeOf,
  returnsOf,
  samePlace,
  samePort,
  wakeAt,
  type State,
} from './state.js';

export type { Effect, Event, Offer, Report, Rules, Step } from './events.js';
export type { Trust } from './detectors.js';
export {
  WAITING,
  alsoOf,
  armedOf,
  attachedAt,
  lastMoveOf,
  leftOf,
  placeOf,
  returnsOf,
  samePlace,
  type Located,
  type State,
} from './state.js';

/**
 * Where one vehicle is, as a pure machine (DESIGN §5, §6): `step(state, event, now, rules)` gives the next state and what
 * to do about it. The flows of the vehicle follow from the state alone ({@link placeOf}, {@link alsoOf}, {@link armedOf},
 * {@link returnsOf}, {@link leftOf}), so `flows` just says "make the switch so". All times are Unix milliseconds.
 *
 * Every change of what the flows follow from comes with `flows` (or `readBack`), and while anything waits for its time a
 * `wake` is pending.
 */
export function step(state: State, event: Event, nowMs: number, rules: Rules): Step {
  const [after, ...effects] = on(state, event, nowMs, rules);
  const next = withTurns(after, nowMs);
  const done: Effect[] = [...effects];
  if (!effects.some(effect => effect.do === 'flows' || effect.do === 'readBack') && flowsDiffer(state, next))
    done.push({ do: 'flows' });
  const atMs = wakeAt(next);
  // a timer may be a little early: a tick that finds nothing due has to be followed by another
  if (atMs !== undefined && (event.type === 'tick' || atMs !== wakeAt(state))) done.push({ do: 'wake', atMs });
  return [next, ...done];
}

function on(state: State, event: Event, nowMs: number, rules: Rules): Step {
  switch (event.type) {
    case 'copy':
      return copied(state, event, nowMs, rules);
    case 'confirmed': {
      const { doubt } = confirmable(state, event, nowMs);
      if (doubt === undefined) return [state];
      const { place, domain, tag, detector, sinceMs } = doubt;
      return moveTo(state, { place, domain, tag, detector, detectedAtMs: sinceMs }, event, nowMs, rules);
    }
    case 'placed': {
      if (state.at !== 'waiting') return [state];
      const { place, domain } = event;
      const doubts = state.doubts.filter(doubt => !samePlace(doubt.place, place));
      return [attachedAt({ place, domain }, nowMs, doubts)];
    }
    case 'arming':
      return armed(state, event, nowMs);
    case 'port':
      return ported(state, event, nowMs, rules);
    case 'counters':
      return counted(state, event, nowMs, rules);
    case 'applied':
      return applied(state, event.handover, nowMs);
    case 'failed':
      return failed(state, event.handover, nowMs);
    case 'tick':
      return ticked(state, nowMs, rules);
  }
}

function copied(state: State, event: Extract<Event, { type: 'copy' }>, nowMs: number, rules: Rules): Step {
  const { place, domain, authenticated } = event;
  // where attachments have to be confirmed, every copied frame has the unconfirmed bit, also where the copy does not show it
  const tag = rules.trust === 'lab' ? event.tag : 'unconfirmed';
  if (state.at !== 'waiting') {
    const homes = state.at === 'dual-homed' ? state.dual.homes : [state.here];
    if (homes.some(home => samePlace(place, home.place)))
      // copies on their way when prio 100 came are normal; later ones mean that the flow is not there
      return state.at !== 'moving' && nowMs - state.sinceMs > rules.straggleMs
        ? [{ ...state, sinceMs: nowMs }, { do: 'readBack' }]
        : [state];
    if (state.left.some(old => samePlace(place, old.place) && nowMs <= old.untilMs))
      return [state, { do: 'count', what: 'late' }];
  }
  const change = changeOf(state, { place, domain }, tag, authenticated);
  const detector = detectorOf(rules.detectors, change);
  return isTrusted(rules.trust, detector, change)
    ? moveTo(state, { place, domain, tag, detector: detector.name, detectedAtMs: nowMs }, event, nowMs, rules)
    : keepDoubt(state, { place, domain, tag, detector: detector.name, deadlineMs: detector.deadlineMs }, nowMs);
}

function ported(state: State, event: Extract<Event, { type: 'port' }>, nowMs: number, rules: Rules): Step {
  const own = state.at !== 'waiting' && samePort(state.here.place, event);
  if (event.up) {
    if (state.at === 'waiting' || !own || state.down === undefined) return [state];
    const { down: _, ...rest } = state;
    return [rest];
  }
  const [next, ...effects] = dropDoubtsAt(state, event);
  if (next.at === 'waiting') return [next, ...effects];
  if (next.at === 'dual-homed') {
    const [left, ...more] = homeDown(next, event, nowMs, rules);
    return [left, ...effects, ...more];
  }
  return [own ? { ...next, down: true } : next, ...effects];
}

/** Everything whose time has come. */
function ticked(state: State, nowMs: number, rules: Rules): Step {
  const effects: Effect[] = [];
  let next = expireArming(state, nowMs);
  for (const part of [expireDoubts, expireStanding, retry, readDue]) {
    const [after, ...more] = part(next, nowMs, rules);
    next = after;
    effects.push(...more);
  }
  return [next, ...effects];
}

/** Late frames are over; answers to a source that was unconfirmed come no more. */
function expireStanding(state: State, nowMs: number): Step {
  if (state.at === 'waiting') return [state];
  const { tagged, ...rest } = state;
  const left = state.left.filter(({ untilMs }) => nowMs < untilMs);
  const kept = left.length === state.left.length ? state : { ...state, left };
  if (tagged === undefined || nowMs < tagged.untilMs) return [kept];
  return [{ ...rest, left }];
}

/** Whether the two states ask for other flows. */
function flowsDiffer(a: State, b: State): boolean {
  return (
    placeOf(a) !== placeOf(b) ||
    alsoOf(a) !== alsoOf(b) ||
    listsDiffer(armedOf(a), armedOf(b)) ||
    listsDiffer(leftOf(a), leftOf(b)) ||
    listsDiffer(doubtedOf(a), doubtedOf(b)) ||
    listsDiffer(returnsOf(a), returnsOf(b))
  );
}

const listsDiffer = <T>(a: readonly T[], b: readonly T[]): boolean =>
  a.length !== b.length || a.some((item, at) => item !== b[at]);
