import type { SignalState } from '../../protocol/api/analytics.js';
import { SIGNALS, type SignalRow, type Tier } from '../../protocol/signals.js';
import type { LiveCell } from '../../store/types.js';

/** From which age on a value of a tier is stale: a few of its periods. */
export const STALE_AFTER_MS: Readonly<Record<Tier, number>> = { fast: 5_000, medium: 15_000, slow: 60_000 };

/** Milliseconds since the sample; null where its clock is suspect. A sample from a clock slightly ahead has age 0. */
export function ageOf(cell: Pick<LiveCell, 'timeMs' | 'suspect'>, nowMs: number): number | null {
  return cell.suspect ? null : Math.max(0, nowMs - cell.timeMs);
}

/** Derived signals say so wherever they are read; all others come as they were stored. */
export const sourceOf = (row: Pick<SignalRow, 'path'>): 'stored' | 'derived' =>
  row.path.startsWith('Vehicle.Derived.') ? 'derived' : 'stored';

export function signalState(row: SignalRow, cell: LiveCell | undefined, nowMs: number): SignalState {
  const staleAfterMs = STALE_AFTER_MS[row.tier];
  const { path, label, unit } = row;
  const shape = { path, label, unit, paper: row.paper === true, staleAfterMs };
  if (cell === undefined) return { ...shape, stale: true };
  const ageMs = ageOf(cell, nowMs);
  return {
    ...shape,
    value: cell.value,
    timeMs: cell.timeMs,
    ageMs,
    source: sourceOf(row),
    stale: ageMs === null || ageMs > staleAfterMs,
  };
}

/** All signals of the paper, known or not, and every other signal that has a value; in the catalogue's order. */
export function signalStates(cells: ReadonlyMap<string, LiveCell>, nowMs: number): SignalState[] {
  return (SIGNALS as readonly SignalRow[])
    .filter(row => row.paper || cells.has(row.wire))
    .map(row => signalState(row, cells.get(row.wire), nowMs));
}
