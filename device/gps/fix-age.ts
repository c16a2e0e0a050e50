/**
 * How late a look of the receiver came: those that waited on their way (a stalled link, a busy machine) arrive together,
 * and each was true at another moment. The least delay of late is taken for the ordinary one.
 */
export interface DelayState {
  /** Least `heardAtMs - timeMs` of this window and of the one before. */
  readonly leastMs: number;
  readonly leastBeforeMs: number;
  readonly windowEndsMs: number;
}

export const NO_DELAY: DelayState = { leastMs: Infinity, leastBeforeMs: Infinity, windowEndsMs: -Infinity };

/** The oscillator of a Raspberry Pi drifts by some milliseconds within two of these. */
const WINDOW_MS = 60_000;
/** Shorter delays are the receiver's own and those of scheduling: not worth another moment. */
const ORDINARY_MS = 500;
/** A clock of the receiver that was put back looks like a delay; longer ones are taken for that, and begin anew. */
const LONGEST_MS = 120_000;

/** The moment, monotonic, at which a look was true that was heard at `heardAtMs` with the receiver's time `timeMs`. */
export function momentOf(state: DelayState, heardAtMs: number, timeMs: number): readonly [DelayState, number] {
  const delayMs = heardAtMs - timeMs;
  const aged: DelayState =
    heardAtMs < state.windowEndsMs
      ? state
      : { leastMs: Infinity, leastBeforeMs: state.leastMs, windowEndsMs: heardAtMs + WINDOW_MS };
  const least = Math.min(aged.leastMs, aged.leastBeforeMs, delayMs);
  const lateMs = delayMs - least;
  if (lateMs > LONGEST_MS)
    return [{ leastMs: delayMs, leastBeforeMs: Infinity, windowEndsMs: heardAtMs + WINDOW_MS }, heardAtMs];
  return [{ ...aged, leastMs: Math.min(aged.leastMs, delayMs) }, lateMs > ORDINARY_MS ? heardAtMs - lateMs : heardAtMs];
}
