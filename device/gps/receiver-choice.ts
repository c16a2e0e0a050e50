import type { FixMode } from './tpv.js';

/**
 * Which of several receivers is followed: gpsd tells of all of them, and two that are some metres apart are not one car
 * that jumps. The one that is followed is left only when it is gone, silent, or has no fix while another has one.
 */
export interface ChoiceState {
  readonly device?: string;
  /** When it last had a fix, and last said anything; monotonic. */
  readonly fixAtMs: number;
  readonly heardAtMs: number;
}

export const NO_CHOICE: ChoiceState = { fixAtMs: -Infinity, heardAtMs: -Infinity };

/** Receivers speak once a second: this is patience for a short shadow. */
const PATIENCE_MS = 3_000;

/** Takes a look of `device`; `isMine` tells whether it is of the receiver that is followed. */
export function chooseReceiver(
  state: ChoiceState,
  device: string | undefined,
  mode: FixMode,
  atMs: number,
): { readonly state: ChoiceState; readonly isMine: boolean; readonly changed: boolean } {
  const hasFix = mode >= 2;
  const isFirst = state.heardAtMs === -Infinity;
  const isMine = device === state.device && !isFirst;
  const isGone = atMs - state.heardAtMs > PATIENCE_MS;
  const isBlind = hasFix && atMs - state.fixAtMs > PATIENCE_MS;
  if (!isMine && !isFirst && !isGone && !isBlind) return { state, isMine: false, changed: false };
  const fixAtMs = hasFix ? atMs : isMine ? state.fixAtMs : -Infinity;
  const next = { ...(device === undefined ? {} : { device }), fixAtMs, heardAtMs: atMs };
  return { state: next, isMine: true, changed: !isMine && !isFirst };
}

/** A receiver went. */
export const forgetReceiver = (state: ChoiceState, device: string): ChoiceState =>
  state.device === device ? NO_CHOICE : state;
