import type { Place } from '../redirect/vehicle.js';

/**
 * Where one vehicle is, as a pure machine: `step(state, event, now)` gives the next state and what to do about it. The
 * flows of the vehicle follow from the state alone ({@link placeOf}, {@link returnsOf}), so `flows` just says "make the
 * switch so". All times are Unix milliseconds.
 */

/** Who may say that a new attachment is the vehicle's (DESIGN §5, "Proof before trust"). */
export type Trust = 'lab' | 'access' | 'proof';

export interface Rules {
  readonly trust: Trust;
  /** For so long copies from the port just left are late frames. */
  readonly straggleMs: number;
}

/** A change of place that the switch has not confirmed yet. */
export interface Move {
  /** Id of the hand-over, made when it was validated. */
  readonly handover: string;
  /** The last place that was reported; absent at the first frame. */
  readonly from?: Place;
  readonly detectedAtMs: number;
  readonly validatedAtMs: number;
  readonly failures: number;
  /** When the switch is read back and asked again. */
  readonly retryAtMs?: number;
}

/** A source that nobody has vouched for yet: it is served and answered, and changes nothing else. */
export interface Doubt {
  readonly place: Place;
  readonly known: boolean;
  readonly sinceMs: number;
  /** `asking`: deadline; `quiet`: left alone until then. */
  readonly at: 'asking' | 'quiet';
  readonly untilMs: number;
  readonly quietMs: number;
}

interface Standing {
  readonly here: Place;
  readonly sinceMs: number;
  readonly left?: { readonly place: Place; readonly atMs: number };
  /** A place whose frames carried the unconfirmed tag before it was `here`: their answers still come. */
  readonly tagged?: { readonly place: Place; readonly untilMs: number };
}

export type State = { readonly doubts: readonly Doubt[] } & (
  | { readonly at: 'waiting' }
  | ({ readonly at: 'attached' } & Standing)
  | ({ readonly at: 'moving'; readonly move: Move } & Standing)
);

export type Event =
  /** A frame's copy; `handover` is a fresh UUID, used if this begins a hand-over. */
  | { readonly type: 'copy'; readonly place: Place; readonly handover: string }
  /** Someone trusted vouches for a place. */
  | { readonly type: 'confirmed'; readonly place: Place; readonly handover: string }
  /** The place is known from elsewhere: the switch's own flows, the manager's record. */
  | { readonly type: 'placed'; readonly place: Place }
  | { readonly type: 'applied'; readonly handover: string }
  | { readonly type: 'failed'; readonly handover: string }
  | { readonly type: 'tick' };

export interface Report {
  readonly handover: string;
  readonly from?: Place;
  readonly to: Place;
  readonly detectedAtMs: number;
  readonly validatedAtMs: number;
  readonly reroutedAtMs: number;
}

export type Effect =
  /** Make the flows of the vehicle what the state says; answer `applied` or `failed` where a hand-over is named. */
  | { readonly do: 'flows'; readonly handover?: string }
  /** The switch may not hold what it should: read the vehicle's flows, then as `flows`. */
  | { readonly do: 'readBack'; readonly handover?: string }
  | ({ readonly do: 'report' } & Report)
  /** Send `tick` at that time. */
  | { readonly do: 'wake'; readonly atMs: number }
  | { readonly do: 'count'; readonly what: 'late' | 'unconfirmed' };

export type Step = readonly [State, ...Effect[]];

export const WAITING: State = { at: 'waiting', doubts: [] };
const DOUBTS_MAX = 4;
/** Later than this no answer to a frame comes; another source at the same port has the same tag and must not get these. */
const TAGGED_MS = 1_000;
const LAYER_2_MS = 1_000;
const LAYER_3_MS = 5_000;
const QUIET_FIRST_MS = 5_000;
const QUIET_MAX_MS = 60_000;
const RETRY_FIRST_MS = 50;
const RETRY_MAX_MS = 1_000;

export const samePlace = (a: Place, b: Place): boolean =>
  a.port === b.port && a.source.address === b.source.address && a.source.port === b.source.port;
const sameSource = (a: Place, b: Place): boolean =>
  a.source.address === b.source.address && a.source.port === b.source.port;

/** Where prio 100 should be. */
export const placeOf = (state: State): Place | undefined => (state.at === 'waiting' ? undefined : state.here);

/** Places whose unconfirmed tags should lead back to them. */
export const returnsOf = (state: State): readonly Place[] => [
  ...(state.at !== 'waiting' && state.tagged !== undefined ? [state.tagged.place] : []),
  ...state.doubts.filter(doubt => !doubt.known).map(doubt => doubt.place),
];

export function step(state: State, event: Event, nowMs: number, rules: Rules): Step {
  switch (event.type) {
    case 'copy':
      return copied(state, event, nowMs, rules);
    case 'confirmed': {
      const doubt = state.doubts.find(({ place }) => samePlace(place, event.place));
      return doubt === undefined ? [state] : moveTo(state, doubt.place, event.handover, doubt.sinceMs, nowMs);
    }
    case 'placed':
      return state.at === 'waiting'
        ? [{ at: 'attached', here: event.place, sinceMs: nowMs, doubts: state.doubts }, { do: 'flows' }]
        : [state];
    case 'applied':
      return applied(state, event.handover, nowMs);
    case 'failed': {
      if (state.at !== 'moving' || state.move.handover !== event.handover) return [state];
      const retryAtMs = nowMs + Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** state.move.failures);
      const move = { ...state.move, failures: Math.min(30, state.move.failures + 1), retryAtMs };
      return [
        { ...state, move },
        { do: 'wake', atMs: retryAtMs },
      ];
    }
    case 'tick':
      return tick(state, nowMs);
  }
}

function copied(state: State, event: Extract<Event, { type: 'copy' }>, nowMs: number, rules: Rules): Step {
  const { place, handover } = event;
  if (state.at !== 'waiting') {
    if (samePlace(place, state.here))
      // copies on their way when prio 100 came are normal; later ones mean that the flow is not there
      return state.at === 'attached' && nowMs - state.sinceMs > rules.straggleMs
        ? [{ ...state, sinceMs: nowMs }, { do: 'readBack' }]
        : [state];
    if (state.left !== undefined && samePlace(place, state.left.place) && nowMs - state.left.atMs <= rules.straggleMs)
      return [state, { do: 'count', what: 'late' }];
  }
  const known = state.at !== 'waiting' && sameSource(place, state.here);
  const trusted = rules.trust === 'lab' || (rules.trust === 'access' && known);
  return trusted ? moveTo(state, place, handover, nowMs, nowMs) : doubtful(state, place, known, nowMs);
}

function moveTo(state: State, to: Place, handover: string, detectedAtMs: number, nowMs: number): Step {
  const known = state.at !== 'waiting' && sameSource(to, state.here);
  const from = state.at === 'moving' ? state.move.from : state.at === 'attached' ? state.here : undefined;
  const tagged = known ? state.tagged : { place: to, untilMs: nowMs + TAGGED_MS };
  const next: State = {
    at: 'moving',
    here: to,
    sinceMs: nowMs,
    ...(state.at === 'waiting' ? {} : { left: { place: state.here, atMs: nowMs } }),
    ...(tagged === undefined ? {} : { tagged }),
    move: { handover, ...(from === undefined ? {} : { from }), detectedAtMs, validatedAtMs: nowMs, failures: 0 },
    doubts: state.doubts.filter(({ place }) => !samePlace(place, to)),
  };
  return [
    next,
    { do: 'flows', handover },
    ...(tagged === undefined || known ? [] : [{ do: 'wake', atMs: tagged.untilMs } as const]),
  ];
}

function applied(state: State, handover: string, nowMs: number): Step {
  if (state.at !== 'moving' || state.move.handover !== handover) return [state];
  const { move, ...rest } = state;
  const { from, detectedAtMs, validatedAtMs } = move;
  return [
    { ...rest, at: 'attached', sinceMs: nowMs },
    {
      do: 'report',
      handover,
      ...(from === undefined ? {} : { from }),
      to: state.here,
      detectedAtMs,
      validatedAtMs,
      reroutedAtMs: nowMs,
    },
  ];
}

function doubtful(state: State, place: Place, known: boolean, nowMs: number): Step {
  const old = state.doubts.find(doubt => samePlace(doubt.place, place));
  if (old !== undefined && (old.at === 'asking' || nowMs < old.untilMs)) return [state];
  const untilMs = nowMs + (known ? LAYER_2_MS : LAYER_3_MS);
  const doubt: Doubt = {
    place,
    known,
    sinceMs: nowMs,
    at: 'asking',
    untilMs,
    quietMs: old?.quietMs ?? QUIET_FIRST_MS / 2,
  };
  const others = state.doubts.filter(other => other !== old).slice(-(DOUBTS_MAX - 1));
  return [{ ...state, doubts: [...others, doubt] }, { do: 'flows' }, { do: 'wake', atMs: untilMs }];
}

function tick(state: State, nowMs: number): Step {
  const effects: Effect[] = [];
  const doubts = state.doubts.map(doubt => {
    if (doubt.at !== 'asking' || nowMs < doubt.untilMs) return doubt;
    effects.push({ do: 'count', what: 'unconfirmed' });
    const quietMs = Math.min(QUIET_MAX_MS, doubt.quietMs * 2);
    return { ...doubt, at: 'quiet' as const, quietMs, untilMs: nowMs + quietMs };
  });
  const next: State = { ...state, doubts };
  if (next.at === 'waiting') return [next, ...effects];
  const { tagged, ...rest } = next;
  const untagged: State = tagged === undefined || nowMs < tagged.untilMs ? next : rest;
  if (untagged !== next) effects.push({ do: 'flows' });
  if (untagged.at !== 'moving' || untagged.move.retryAtMs === undefined || nowMs < untagged.move.retryAtMs)
    return [untagged, ...effects];
  const { retryAtMs: _, ...move } = untagged.move;
  return [{ ...untagged, move }, ...effects, { do: 'readBack', handover: move.handover }];
}
