import { crosses, slotFor } from './arming.js';
import { enterTwoHomes, isPingPong } from './dual-homed.js';
import type { Effect, Offer, Report, Rules, Step } from './events.js';
import { reported, standingAt, type Target } from './standing.js';
import { samePlace, type Located, type Move, type State } from './state.js';

const RETRY_FIRST_MS = 50;
const RETRY_MAX_MS = 1_000;

/** A validated move: the flows first, then the report. */
export function moveTo(state: State, to: Target, offer: Offer, nowMs: number, rules: Rules): Step {
  const told = overtaken(state, nowMs);
  const from = told?.to ?? reported(state);
  if (isPingPong(state, to, nowMs, rules)) {
    const [next, ...effects] = enterTwoHomes(state, to, from, nowMs, rules);
    return [next, ...(told?.effects ?? []), ...effects];
  }
  const { handover } = offer;
  const { detector, detectedAtMs } = to;
  const redirected = slotFor(state, to, offer, nowMs);
  const way = redirected?.way ?? 're-route';
  const { arming } = state;
  const keepsArming = arming !== undefined && redirected === undefined && !crosses(state, to, offer);
  const next: State = {
    at: 'moving',
    ...standingAt(state, to, nowMs, rules),
    last: { atMs: nowMs, detector, way },
    move: {
      handover,
      ...(from === undefined ? {} : { from }),
      detector,
      detectedAtMs,
      validatedAtMs: nowMs,
      ...(redirected === undefined ? {} : { redirected }),
      failures: 0,
    },
    doubts: state.doubts.filter(({ place }) => !samePlace(place, to.place)),
    ...(keepsArming ? { arming } : {}),
  };
  const swap: Effect[] =
    redirected === undefined ? [] : [{ do: 'redirect', way: redirected.way, slot: redirected.slot, handover }];
  return [next, ...(told?.effects ?? []), ...swap, { do: 'flows', handover }];
}

/** A move that the next one overtakes is not reported, unless it has used a slot: that the manager has to hear of. */
function overtaken(
  state: State,
  nowMs: number,
): { readonly effects: readonly Effect[]; readonly to: Located } | undefined {
  if (state.at !== 'moving' || state.move.redirected === undefined) return undefined;
  return { effects: [{ do: 'report', ...reportOf(state.here, state.move, nowMs) }], to: state.here };
}

export function applied(state: State, handover: string, nowMs: number): Step {
  if (state.at !== 'moving' || state.move.handover !== handover) return [state];
  const { move, ...rest } = state;
  return [
    { ...rest, at: 'attached', sinceMs: nowMs },
    { do: 'report', ...reportOf(state.here, move, nowMs, nowMs) },
  ];
}

/** `reroutedAtMs`: when the switch has confirmed. */
function reportOf(here: Located, move: Move, nowMs: number, reroutedAtMs?: number): Report {
  const { handover, from, detector, detectedAtMs, validatedAtMs, redirected } = move;
  const byFrameAtMs = redirected?.byFrameAtMs;
  return {
    handover,
    ...(from === undefined ? {} : { from: from.place }),
    to: here.place,
    detector,
    detectedAtMs,
    validatedAtMs,
    ...(reroutedAtMs === undefined || byFrameAtMs !== undefined ? {} : { reroutedAtMs }),
    ...(redirected === undefined
      ? {}
      : { redirected: { way: redirected.way, slot: redirected.slot, atMs: byFrameAtMs ?? nowMs } }),
  };
}

export function failed(state: State, handover: string, nowMs: number): Step {
  if (state.at !== 'moving' || state.move.handover !== handover) return [state];
  const retryAtMs = nowMs + Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** state.move.failures);
  const move = { ...state.move, failures: Math.min(30, state.move.failures + 1), retryAtMs };
  return [{ ...state, move }];
}

/** A bundle that failed: the switch is read, and asked again. */
export function retry(state: State, nowMs: number): Step {
  if (state.at !== 'moving' || state.move.retryAtMs === undefined || nowMs < state.move.retryAtMs) return [state];
  const { retryAtMs: _, ...move } = state.move;
  return [
    { ...state, move },
    { do: 'readBack', handover: move.handover },
  ];
}
