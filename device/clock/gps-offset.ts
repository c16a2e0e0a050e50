/**
 * The offset from monotonic time to UTC by a receiver, look by look. What a receiver says comes late, never early, so the
 * greatest offset of late is the best; it is let down slowly, for the oscillator drifts. A look that differs by a second
 * or more is believed when three in a row agree: a week that begins, or one bogus date, must not move the clock.
 */
export interface GpsOffset {
  readonly offsetMs: number;
  readonly atMs: number;
  /** Looks in a row that made it. */
  readonly agreed: number;
  /** Looks in a row that disagree with the offset and agree with one another. */
  readonly others?: { readonly offsetMs: number; readonly count: number };
}

/** Twice the worst oscillator of a cheap board. */
const DRIFT = 200e-6;
const STEP_MS = 1_000;
const AGREE_MS = 500;
const BELIEVED_AFTER = 3;

export const firstLook = (utcMs: number, monoMs: number): GpsOffset => ({
  offsetMs: utcMs - monoMs,
  atMs: monoMs,
  agreed: 1,
});

/** Takes a look; `steppedMs` is what the looks before it were off by, where it moved the offset by a step. */
export function nextLook(
  state: GpsOffset,
  utcMs: number,
  monoMs: number,
): { readonly state: GpsOffset; readonly steppedMs: number } {
  const seen = utcMs - monoMs;
  const off = seen - state.offsetMs;
  if (Math.abs(off) < STEP_MS) {
    const lowest = state.offsetMs - DRIFT * Math.max(0, monoMs - state.atMs);
    return { state: { offsetMs: Math.max(seen, lowest), atMs: monoMs, agreed: state.agreed + 1 }, steppedMs: 0 };
  }
  const { others } = state;
  const agrees = others !== undefined && Math.abs(seen - others.offsetMs) < AGREE_MS;
  if (!agrees) return { state: { ...state, agreed: 0, others: { offsetMs: seen, count: 1 } }, steppedMs: 0 };
  const offsetMs = Math.max(seen, others.offsetMs);
  if (others.count + 1 < BELIEVED_AFTER)
    return { state: { ...state, others: { offsetMs, count: others.count + 1 } }, steppedMs: 0 };
  return { state: { offsetMs, atMs: monoMs, agreed: BELIEVED_AFTER }, steppedMs: offsetMs - state.offsetMs };
}
