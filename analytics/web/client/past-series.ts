import type { History } from '../../../protocol/api/analytics.js';
import { KEPT_MS, SeriesBuffer } from './series-buffer.js';

/** How long a signal of a car may be silent before a chart shows a gap, milliseconds. */
export type GapOf = (path: string) => number;

/** Fills buffers with what a car reported in the minutes that charts show; what came live meanwhile stays. */
export async function loadPast(
  vehicle: string,
  nowMs: number,
  gapOf: GapOf,
  buffers: Map<string, SeriesBuffer>,
): Promise<boolean> {
  const path = `/v1/vehicles/${encodeURIComponent(vehicle)}/history?from=${Math.floor(nowMs - KEPT_MS)}&limit=2000`;
  const answer = await fetch(path).catch(() => undefined);
  if (answer?.ok !== true) return false;
  const { series } = (await answer.json()) as History;
  for (const { path: signal, points } of series) {
    const buffer = buffers.get(signal) ?? new SeriesBuffer(gapOf(signal));
    buffer.load(points);
    buffers.set(signal, buffer);
  }
  return true;
}
