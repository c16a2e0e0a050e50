import type { MetricRow } from '../../common/metrics.js';

/**
 * Names, units and help of metrics. The unit is the end of the name: `_seconds`, `_bytes`, else a number of things. No vehicle
 * is a label but in a bounded list of those worst off (`analytics_vehicle_age_seconds`).
 */
export type MetricTable = Record<string, MetricRow>;

/** Label sets of a metric that has all of these from the start. */
export const each = (label: string, values: readonly string[]): Record<string, string>[] =>
  values.map(value => ({ [label]: value }));

/** Hand-overs, and what they wait for, take 0.05 ms to 60 s. */
export const HANDOVER_BUCKETS_S = [
  0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];
