import type { LiveCell } from '../../store/types.js';
import { ageOf } from './signal-state.js';

/** Whether the stored value answers a read, or the twin must be asked; `why` is for people (`explain=1`). */
export type Freshness =
  | { readonly level: 'store'; readonly cell: LiveCell; readonly why: string }
  | { readonly level: 'twin'; readonly cell: LiveCell | undefined; readonly why: string };

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;

/** The first of the three levels (DESIGN §8). Without `maxAgeMs` any stored value will do. */
export function decideFreshness(cell: LiveCell | undefined, maxAgeMs: number | undefined, nowMs: number): Freshness {
  if (cell === undefined) return { level: 'twin', cell, why: 'nothing is stored' };
  if (maxAgeMs === undefined) return { level: 'store', cell, why: 'no maxAge was asked for: the stored value will do' };
  const ageMs = ageOf(cell, nowMs);
  if (ageMs === null) return { level: 'twin', cell, why: 'the stored value’s clock is suspect, so its age is unknown' };
  if (ageMs <= maxAgeMs)
    return { level: 'store', cell, why: `the stored value is ${seconds(ageMs)} old, maxAge is ${seconds(maxAgeMs)}` };
  return {
    level: 'twin',
    cell,
    why: `the stored value is ${seconds(ageMs)} old, older than maxAge ${seconds(maxAgeMs)}`,
  };
}
