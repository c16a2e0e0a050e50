import { benchDay, benchDownloads, rolledUp } from './analytics/day.js';
import { benchListeners } from './analytics/listeners.js';
import { benchReads } from './analytics/reads.js';
import { openStage } from './analytics/stage.js';
import { benchWholeSystem } from './analytics/whole-system.js';
import type { BenchRow, Kept } from './harness.js';

/** How long it is measured; `trial` is enough to see that it works. */
const SIZES = {
  full: { readMs: 10_000, reports: 200, days: 50 },
  trial: { readMs: 1_000, reports: 10, days: 5 },
} as const;

/**
 * Analytics in a process of its own over a thousand cars: reads by the level that answers, the live stream, a day of one car
 * from reports and from roll-ups, and memory while it is downloaded; then reads that go to the cars of a whole edgetwin.
 * `make bench NAME='analytics trial'`.
 */
export async function benchAnalytics(
  signal: AbortSignal,
  words: readonly string[],
  { done }: Kept,
): Promise<BenchRow[]> {
  const { readMs, reports, days } = SIZES[words.includes('trial') ? 'trial' : 'full'];
  const rows: BenchRow[] = [];
  const keep = async (measured: readonly BenchRow[]): Promise<void> => {
    rows.push(...measured);
    await done(measured);
  };
  {
    await using stage = await openStage(false);
    await keep(await benchReads(stage, readMs, signal));
    await keep(await benchListeners(stage, reports, signal));
    await keep(await benchDay(stage, 'reports', days, signal));
    await keep(await benchDownloads(stage, signal));
  }
  {
    await using stage = await openStage(true);
    await rolledUp(stage, signal);
    await keep(await benchDay(stage, 'roll-ups', days, signal));
  }
  await keep(await benchWholeSystem(readMs, signal));
  return rows;
}
