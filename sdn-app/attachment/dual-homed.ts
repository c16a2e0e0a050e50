import type { Event, Rules, Step } from './events.js';
import { standingAt, type Target } from './standing.js';
import { samePlace, samePort, type Home, type Located, type State } from './state.js';

/**
 * A vehicle that two places hear (DESIGN §5): prio 100 is at both, and nobody is told of a move until one of them is
 * silent. A fast ping-pong ends here, too. Silence is read from the counters of the two flows.
 */
type DualHomed = Extract<State, { at: 'dual-homed' }>;

/** This re-route between the same two places within 2 × dwell makes two homes of them. */
const SIXTH = 6;
/** Counters are read this many times per dwell. */
const READS_PER_DWELL = 4;

/** A move away from a port that is down is a move, however often it happens. */
export function isPingPong(state: State, { place }: Located, nowMs: number, rules: Rules): boolean {
  if ((state.at !== 'attached' && state.at !== 'moving') || state.down === true) return false;
  const here = state.here.place;
  const between = state.reroutes.filter(
    ({ from, to, atMs }) =>
      nowMs - atMs < 2 * rules.dwellMs &&
      ((samePlace(from, here) && samePlace(to, place)) || (samePlace(from, place) && samePlace(to, here))),
  );
  return between.length >= SIXTH - 1;
}

/** `from`: the last place that was reported. */
export function enterTwoHomes(state: State, to: Target, from: Located | undefined, nowMs: number, rules: Rules): Step {
  if (state.at === 'waiting') return [state];
  const homes = [to, state.here].map(({ place, domain }) => ({ place, domain, heardAtMs: nowMs }));
  const [here, also] = homes;
  if (here === undefined || also === undefined) return [state];
  return [
    {
      at: 'dual-homed',
      ...standingAt(state, to, nowMs, rules),
      left: [],
      reroutes: [],
      dual: { homes: [here, also], ...(from === undefined ? {} : { from }), readAtMs: nextRead(nowMs, rules) },
      doubts: state.doubts.filter(({ place }) => !samePlace(place, to.place)),
      ...(state.arming === undefined ? {} : { arming: state.arming }),
    },
    { do: 'count', what: 'dual-homed' },
  ];
}

const nextRead = (nowMs: number, { dwellMs }: Rules): number => nowMs + Math.max(1, dwellMs / READS_PER_DWELL);

export function readDue(state: State, nowMs: number, rules: Rules): Step {
  if (state.at !== 'dual-homed' || nowMs < state.dual.readAtMs) return [state];
  return [{ ...state, dual: { ...state.dual, readAtMs: nextRead(nowMs, rules) } }, { do: 'readCounters' }];
}

/** A counter that has changed was heard; one that began anew, too. A flow that was not found says nothing. */
export function counted(state: State, event: Extract<Event, { type: 'counters' }>, nowMs: number, rules: Rules): Step {
  if (state.at !== 'dual-homed') return [state];
  const looked = (home: Home): Home => {
    const packets = event.rows.find(({ place }) => samePlace(place, home.place))?.packets;
    if (packets === undefined || packets === home.packets) return home;
    return { ...home, packets, heardAtMs: home.packets === undefined ? home.heardAtMs : nowMs };
  };
  const homes = [looked(state.dual.homes[0]), looked(state.dual.homes[1])] as const;
  const next: DualHomed = { ...state, dual: { ...state.dual, homes } };
  const heard = homes.filter(({ heardAtMs }) => nowMs - heardAtMs < rules.dwellMs);
  const [remaining, other] = heard;
  // both silent: the car is away, and whoever speaks first remains
  return remaining === undefined || other !== undefined
    ? [next]
    : settle(next, remaining, event.handover, nowMs, rules);
}

/** One of the two ports is down. */
export function homeDown(state: DualHomed, event: Extract<Event, { type: 'port' }>, nowMs: number, rules: Rules): Step {
  const remaining = state.dual.homes.filter(({ place }) => !samePort(place, event));
  const [only, other] = remaining;
  return only === undefined || other !== undefined ? [state] : settle(state, only, event.handover, nowMs, rules);
}

/** One home remains. Where that is not what the manager was told last, it is a move. */
function settle(state: DualHomed, remaining: Home, handover: string, nowMs: number, rules: Rules): Step {
  const { dual, doubts, arming, ...standing } = state;
  const { place, domain } = remaining;
  const { from } = dual;
  const gone = dual.homes.filter(home => home !== remaining);
  const there = {
    ...standing,
    here: { place, domain },
    sinceMs: nowMs,
    left: gone.map(home => ({ place: home.place, untilMs: nowMs + rules.straggleMs })),
  };
  const kept = arming === undefined || from?.domain !== domain ? {} : { arming };
  if (from !== undefined && samePlace(from.place, place)) return [{ ...there, at: 'attached', doubts, ...kept }];
  const detector = 'dual-homed';
  const move = {
    handover,
    ...(from === undefined ? {} : { from }),
    detector,
    detectedAtMs: nowMs,
    validatedAtMs: nowMs,
    failures: 0,
  };
  const last = { atMs: nowMs, detector, way: 're-route' as const };
  return [
    { ...there, at: 'moving', last, move, doubts, ...kept },
    { do: 'flows', handover },
  ];
}
