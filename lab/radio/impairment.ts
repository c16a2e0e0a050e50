/** What the radio does to frames, as data; the default is nothing. Shares are of 0 to 1. */
export interface Faults {
  readonly lossUp: number;
  readonly lossDown: number;
  readonly delayMs: number;
  /** Up to so much more, evenly spread, for each frame on its own. */
  readonly jitterMs: number;
  /** Share of frames that arrive twice. */
  readonly duplicate: number;
  /** Share of frames that are held back until those behind them have passed. */
  readonly reorder: number;
  readonly seed: number;
  /** `moves`: only within `moveMs` after a change of access point. */
  readonly during: 'always' | 'moves';
  readonly moveMs: number;
}

export type Direction = 'up' | 'down';

export const NO_FAULTS: Faults = {
  lossUp: 0,
  lossDown: 0,
  delayMs: 0,
  jitterMs: 0,
  duplicate: 0,
  reorder: 0,
  seed: 1,
  during: 'always',
  moveMs: 500,
};

/** A frame held back waits for this many mean delays of its followers, and at least for the second figure. */
const HELD_BACK_DELAYS = 3;
const HELD_BACK_MS = 10;

/**
 * The fate of one frame: a delay in milliseconds for each copy of it that arrives; none where it is lost.
 * `sinceMoveMs`: time since the car's last change of access point.
 */
export function fateOf(
  faults: Faults,
  direction: Direction,
  sinceMoveMs: number,
  random: () => number,
): readonly number[] {
  if (faults.during === 'moves' && sinceMoveMs > faults.moveMs) return [0];
  if (random() < (direction === 'up' ? faults.lossUp : faults.lossDown)) return [];
  const delayMs = (): number => faults.delayMs + faults.jitterMs * random();
  const heldMs =
    random() < faults.reorder ? Math.max(HELD_BACK_MS, HELD_BACK_DELAYS * (faults.delayMs + faults.jitterMs / 2)) : 0;
  const first = delayMs() + heldMs;
  return random() < faults.duplicate ? [first, delayMs()] : [first];
}
