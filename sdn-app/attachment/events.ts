import type { StandbySlot } from '../../protocol/api/sdn-app.js';
import type { Place } from '../redirect/view.js';
import type { Detector, Trust } from './detectors.js';
import type { Located, State, TagKind } from './state.js';

/** What the attachment machine goes by. */
export interface Rules {
  readonly trust: Trust;
  /** For so long copies from a place just left are late frames. */
  readonly straggleMs: number;
  /** Two homes: six moves within twice this; over when one is silent for this long. */
  readonly dwellMs: number;
  readonly detectors: readonly Detector[];
}

/** What a move may take with it, if the event turns out to be one. */
export interface Offer {
  /** A fresh UUID, used if this begins a hand-over. */
  readonly handover: string;
  /** Domain of the host that serves the vehicle. */
  readonly twinDomain: string;
  /** A free ticket of the domain of the place. */
  readonly ticket?: StandbySlot;
}

export type Event =
  /** A frame's copy, with the domain of its port and whether that port authenticates its stations. */
  | ({
      readonly type: 'copy';
      readonly place: Place;
      readonly domain: string;
      readonly tag: TagKind;
      readonly authenticated: boolean;
    } & Offer)
  /** Someone trusted vouches for a message that came in by this port; see {@link import('./doubts.js').confirmable}. */
  | ({ readonly type: 'confirmed' } & MessageTag & Offer)
  /** The place is known from elsewhere: the switch's own flows, the manager's record. */
  | ({ readonly type: 'placed' } & Located)
  /** What the manager lets the vehicle use from now on; replaces what was there. */
  | {
      readonly type: 'arming';
      readonly slots: readonly StandbySlot[];
      readonly tickets: boolean;
      readonly untilMs: number;
    }
  | {
      readonly type: 'port';
      readonly datapath: number;
      readonly port: number;
      readonly up: boolean;
      readonly handover: string;
    }
  /** Answer to `readCounters`: packets of the prio-100 flow of each place that the switch has one for. */
  | {
      readonly type: 'counters';
      readonly rows: readonly { readonly place: Place; readonly packets: number }[];
      readonly handover: string;
    }
  | { readonly type: 'applied'; readonly handover: string }
  | { readonly type: 'failed'; readonly handover: string }
  | { readonly type: 'tick' };

/** A move that the manager is to hear of. */
export interface Report {
  readonly handover: string;
  /** The last place that was reported. */
  readonly from?: Place;
  readonly to: Place;
  /** Name of the row of the detector table, or `dual-homed` where one of two homes remained. */
  readonly detector: string;
  readonly detectedAtMs: number;
  readonly validatedAtMs: number;
  /** Absent where an armed route took the frame, or where the vehicle moved on before the switch had confirmed. */
  readonly reroutedAtMs?: number;
  readonly redirected?: { readonly way: 'armed' | 'ticket'; readonly slot: StandbySlot; readonly atMs: number };
}

/** What the tag of a message says; without `tag` it is an unconfirmed one. */
export interface MessageTag {
  readonly datapath: number;
  readonly port: number;
  readonly tag?: TagKind;
}

export type Effect =
  /** Point the vehicle to this slot's host, at the highest epoch seen + 1; the `flows` that follows carries it. */
  | {
      readonly do: 'redirect';
      readonly way: 'armed' | 'ticket';
      readonly slot: StandbySlot;
      readonly handover: string;
    }
  /** Make the flows of the vehicle what the state says; answer `applied` or `failed` where a hand-over is named. */
  | { readonly do: 'flows'; readonly handover?: string }
  /** The switch may not hold what it should: read the vehicle's flows, then as `flows`. */
  | { readonly do: 'readBack'; readonly handover?: string }
  /** Tell the manager. A report with `redirected` must reach it, also when a newer report of the vehicle waits. */
  | ({ readonly do: 'report' } & Report)
  /** Read the counters of the vehicle's prio-100 flows and send `counters`; nothing where they cannot be read. */
  | { readonly do: 'readCounters' }
  /** Send `tick` at that time; takes the place of the wake before. */
  | { readonly do: 'wake'; readonly atMs: number }
  | { readonly do: 'count'; readonly what: 'late' | 'unconfirmed' | 'dual-homed' };

export type Step = readonly [State, ...Effect[]];
