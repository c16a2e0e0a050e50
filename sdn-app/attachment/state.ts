import type { StandbySlot } from '../../protocol/api/sdn-app.js';
import type { Place } from '../redirect/view.js';

/** A place and the domain of its port. */
export interface Located {
  readonly place: Place;
  readonly domain: string;
}

/** How the switch marked a frame on its way in: with the unconfirmed bit of the tag, or without (DESIGN §5). */
export type TagKind = 'confirmed' | 'unconfirmed';

/** What the vehicle may use by itself until `untilMs` (DESIGN §6, ways `armed` and `ticket`). */
export interface Arming {
  readonly slots: readonly StandbySlot[];
  readonly tickets: boolean;
  readonly untilMs: number;
}

/** A slot that a move has used: the flow of the vehicle goes to its host. */
export interface Redirected {
  readonly way: 'armed' | 'ticket';
  readonly slot: StandbySlot;
  /** When an armed route carried the first frame there; absent where the bundle of the re-route did it. */
  readonly byFrameAtMs?: number;
}

/** A change of place that the switch has not confirmed yet. */
export interface Move {
  /** Id of the hand-over, made when it was validated. */
  readonly handover: string;
  /** The last place that was reported; absent at the first frame. */
  readonly from?: Located;
  readonly detector: string;
  readonly detectedAtMs: number;
  readonly validatedAtMs: number;
  readonly redirected?: Redirected;
  readonly failures: number;
  /** When the switch is read back and asked again. */
  readonly retryAtMs?: number;
}

/** A change that nobody has vouched for yet: it is served and answered, and changes nothing else. */
export type Doubt = Located & {
  readonly tag: TagKind;
  readonly detector: string;
  readonly deadlineMs: number;
  /** The first frame of this time. */
  readonly sinceMs: number;
  readonly heardAtMs: number;
  readonly quietMs: number;
} & (
    | { readonly at: 'queued' }
    /** Until its deadline; `quiet`: left alone until then. */
    | { readonly at: 'asking' | 'quiet'; readonly askedAtMs: number; readonly untilMs: number }
  );

/** One of the two places of a dual-homed vehicle, with what its counter said last. */
export interface Home extends Located {
  readonly packets?: number;
  readonly heardAtMs: number;
}

export interface Dual {
  /** The first is `here`. */
  readonly homes: readonly [Home, Home];
  /** The last place that was reported. */
  readonly from?: Located;
  readonly readAtMs: number;
}

export interface LastMove {
  readonly atMs: number;
  readonly detector: string;
  readonly way: 'armed' | 'ticket' | 're-route';
}

export interface Standing {
  readonly here: Located;
  readonly sinceMs: number;
  /** The port of `here` is down. */
  readonly down?: true;
  /** Places just left, until their late frames are over. */
  readonly left: readonly { readonly place: Place; readonly untilMs: number }[];
  /** A place whose frames carried the unconfirmed tag before it was `here`: their answers still come. */
  readonly tagged?: { readonly place: Place; readonly untilMs: number };
  /** The newest moves, for the test of two homes. */
  readonly reroutes: readonly { readonly from: Place; readonly to: Place; readonly atMs: number }[];
  readonly last?: LastMove;
}

export type State = { readonly doubts: readonly Doubt[]; readonly arming?: Arming } & (
  | { readonly at: 'waiting' }
  | ({ readonly at: 'attached' } & Standing)
  | ({ readonly at: 'moving'; readonly move: Move } & Standing)
  /** Prio 100 is at two places; no hand-over until one of them is silent. */
  | ({ readonly at: 'dual-homed'; readonly dual: Dual } & Standing)
);

export const WAITING: State = { at: 'waiting', doubts: [] };

/** A vehicle whose place is known from elsewhere: the switch's own flows, the manager's record. */
export const attachedAt = (here: Located, sinceMs: number, doubts: readonly Doubt[] = []): State => ({
  at: 'attached',
  here,
  sinceMs,
  left: [],
  reroutes: [],
  doubts,
});

export const samePort = (a: Pick<Place, 'datapath' | 'port'>, b: Pick<Place, 'datapath' | 'port'>): boolean =>
  a.datapath === b.datapath && a.port === b.port;
export const sameSource = (a: Place, b: Place): boolean =>
  a.source.address === b.source.address && a.source.port === b.source.port;
/** A place of which the MAC address is not known may be any at that port with that source. */
export const samePlace = (a: Place, b: Place): boolean =>
  samePort(a, b) && sameSource(a, b) && (a.mac === undefined || b.mac === undefined || a.mac === b.mac);

/** Where prio 100 should be. */
export const placeOf = (state: State): Place | undefined => (state.at === 'waiting' ? undefined : state.here.place);

/** The second place with prio 100, of a dual-homed vehicle. */
export const alsoOf = (state: State): Place | undefined =>
  state.at === 'dual-homed' ? state.dual.homes[1].place : undefined;

/** Places just left: a switch whose way back has state answers there, too. */
export const leftOf = (state: State): readonly Place[] =>
  state.at === 'waiting' ? [] : state.left.map(({ place }) => place);

/** Standby slots whose prio-95 route should be there. */
export const armedOf = (state: State): readonly StandbySlot[] => state.arming?.slots ?? [];

export const lastMoveOf = (state: State): LastMove | undefined => (state.at === 'waiting' ? undefined : state.last);

/** A doubt that was not heard again for this long after its quiet time is forgotten. */
export const FORGET_MS = 60_000;

/** Of several doubts at a port, the one whose tags lead back: the one that is asked, else the one that was asked last. */
export function answeredAt(doubts: readonly Doubt[], at: Pick<Place, 'datapath' | 'port'>): Doubt | undefined {
  let found: Exclude<Doubt, { at: 'queued' }> | undefined;
  for (const doubt of doubts)
    if (doubt.at !== 'queued' && samePort(doubt.place, at) && doubt.askedAtMs >= (found?.askedAtMs ?? -Infinity))
      found = doubt;
  return found;
}

/** Places to which their own unconfirmed tags should lead back, at most one for a port. */
export function returnsOf(state: State): readonly Place[] {
  const tagged = state.at === 'waiting' ? undefined : state.tagged?.place;
  const marked = state.doubts.filter(
    doubt =>
      doubt.tag === 'unconfirmed' &&
      (tagged === undefined || !samePort(tagged, doubt.place)) &&
      answeredAt(state.doubts, doubt.place) === doubt,
  );
  return [...(tagged === undefined ? [] : [tagged]), ...marked.map(({ place }) => place)];
}

/** Places of everybody who speaks as the vehicle and was not confirmed. */
export const doubtedOf = (state: State): readonly Place[] => state.doubts.map(({ place }) => place);

/** When something waits for its time; `undefined` where nothing does. */
export function wakeAt(state: State): number | undefined {
  const times: number[] = [];
  for (const doubt of state.doubts) {
    if (doubt.at === 'asking') times.push(doubt.untilMs);
    // one that is queued waits for the turn of another to end
    else if (doubt.at === 'quiet') times.push(doubt.untilMs + FORGET_MS);
  }
  if (state.arming !== undefined) times.push(state.arming.untilMs);
  if (state.at !== 'waiting') {
    times.push(...state.left.map(({ untilMs }) => untilMs));
    if (state.tagged !== undefined) times.push(state.tagged.untilMs);
  }
  if (state.at === 'moving' && state.move.retryAtMs !== undefined) times.push(state.move.retryAtMs);
  if (state.at === 'dual-homed') times.push(state.dual.readAtMs);
  return times.length === 0 ? undefined : Math.min(...times);
}
