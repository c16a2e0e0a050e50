import type { CookieSlice } from '../switch/flow-switch.js';

/**
 * The cookie of a flow (DESIGN §5): ours (1 bit), vehicle number (20), epoch mod 2^24 (24), kind (4); 49 bits, so that a
 * JavaScript number holds it.
 */
export const KINDS = ['base', 'path', 'backup', 'unknown', 'wayOut', 'return', 'copy', 'armed', 'forward'] as const;
export type Kind = (typeof KINDS)[number];

export interface Cookie {
  /** Vehicle number; 0 for `base` flows. */
  readonly number: number;
  /** Epoch mod 2^24. */
  readonly epochLow: number;
  readonly kind: Kind;
}

export const EPOCH_SPAN = 2 ** 24;
const KIND_SPAN = 2 ** 4;
const NUMBER_UNIT = EPOCH_SPAN * KIND_SPAN;
const NUMBER_SPAN = 2 ** 20;
const OURS = NUMBER_UNIT * NUMBER_SPAN;

export const encodeCookie = ({ number, epochLow, kind }: Cookie): number =>
  OURS + (number % NUMBER_SPAN) * NUMBER_UNIT + (epochLow % EPOCH_SPAN) * KIND_SPAN + KINDS.indexOf(kind);

/** What a cookie says, or `undefined` where it is not one of ours. */
export function decodeCookie(cookie: number): Cookie | undefined {
  const kind = KINDS[cookie % KIND_SPAN];
  if (Math.floor(cookie / OURS) !== 1 || kind === undefined) return undefined;
  return {
    number: Math.floor(cookie / NUMBER_UNIT) % NUMBER_SPAN,
    epochLow: Math.floor(cookie / KIND_SPAN) % EPOCH_SPAN,
    kind,
  };
}

/** The flows of one vehicle. Base flows carry number 0, so vehicle 0 shares its slice with them. */
export const vehicleSlice = (number: number): CookieSlice => blockSlice(number, 1);

/** The flows of `size` vehicles from `first` on; `size` is a power of two and `first` a multiple of it. */
export const blockSlice = (first: number, size: number): CookieSlice => ({
  cookie: OURS + first * NUMBER_UNIT,
  mask: OURS + (NUMBER_SPAN - size) * NUMBER_UNIT,
});

/** The flows that are no vehicle's. */
export const baseSlice: CookieSlice = {
  cookie: encodeCookie({ number: 0, epochLow: 0, kind: 'base' }),
  mask: OURS + KIND_SPAN - 1,
};

/** The epoch next to `near` that has these low bits: a switch keeps 24 of them. */
export function epochNear(epochLow: number, near: number): number {
  const turn = Math.floor(near / EPOCH_SPAN) * EPOCH_SPAN;
  const candidates = [turn - EPOCH_SPAN, turn, turn + EPOCH_SPAN]
    .map(base => base + epochLow)
    .filter(value => value >= 0);
  return candidates.reduce((best, value) => (Math.abs(value - near) < Math.abs(best - near) ? value : best));
}
