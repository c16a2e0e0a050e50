import type { VehicleState } from '../handover/state.js';

/** Whether standby slots may be kept for a vehicle, or the time from which on they may unless something happens; pure. */
export function restOf(
  state: VehicleState,
  nowMs: number,
  dwellMs: number,
): { readonly is: 'resting' } | { readonly is: 'soon'; readonly atMs: number } | { readonly is: 'busy' } {
  const { twin, run, next, leaving, attachment, lastStartedAtMs } = state;
  if (run !== undefined || next !== undefined || leaving.length > 0 || attachment === undefined) return { is: 'busy' };
  if (twin.health.is !== 'alive' || !twin.acts) return { is: 'busy' };
  const atMs = lastStartedAtMs === undefined ? 0 : lastStartedAtMs + dwellMs;
  return atMs > nowMs ? { is: 'soon', atMs } : { is: 'resting' };
}
