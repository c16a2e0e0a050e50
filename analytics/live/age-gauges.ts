import type { Metrics } from '../../common/metrics.js';
import type { MetricName } from '../../protocol/metrics.js';
import type { VehicleState } from './vehicle-state.js';

/** Upper bounds of `heard`, in the order in which they are tried; beyond the last: `older`. */
const HEARD: readonly (readonly [string, number])[] = [
  ['10s', 10_000],
  ['60s', 60_000],
  ['10m', 600_000],
];
const DAY_MS = 86_400_000;
/** Series that carry a vehicle's name, at most: the label must not grow with the fleet. */
const WORST = 10;

/**
 * Tells how long ago vehicles were heard: counts for all of them, and by name for those that wait longest. Who was not
 * heard for a day is parked, not late.
 */
export function tellAges(metrics: Metrics<MetricName>, vehicles: Iterable<VehicleState>, nowMs: number): void {
  const counts = new Map<string, number>([...HEARD.map(([heard]) => [heard, 0] as const), ['older', 0]]);
  const ages: { vehicle: string; ageMs: number }[] = [];
  for (const state of vehicles) {
    const at = state.lastSampleMs();
    if (at === undefined) continue;
    const ageMs = Math.max(0, nowMs - at);
    const heard = HEARD.find(([, boundMs]) => ageMs <= boundMs)?.[0] ?? 'older';
    counts.set(heard, (counts.get(heard) ?? 0) + 1);
    if (ageMs <= DAY_MS) ages.push({ vehicle: state.vehicle, ageMs });
  }
  for (const [heard, count] of counts) metrics.set('analytics_vehicles', count, { heard });
  metrics.clear('analytics_vehicle_age_seconds');
  ages.sort((a, b) => b.ageMs - a.ageMs);
  for (const { vehicle, ageMs } of ages.slice(0, WORST))
    metrics.set('analytics_vehicle_age_seconds', ageMs / 1_000, { vehicle });
}
