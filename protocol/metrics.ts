import type { MetricRow } from '../common/metrics.js';

/** Names, units and help of every metric. No vehicle is ever a label. Hand-overs take 0.05 ms to 60 s. */
const HANDOVER_BUCKETS_S = [
  0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];

export const METRICS = {
  http_errors_total: { kind: 'counter', help: 'requests refused or failed, by error code', labels: ['part', 'code'] },
  handover_duration_seconds: {
    kind: 'histogram',
    help: 'time from detected (host lost: initiated) to a phase',
    labels: ['phase', 'way'],
    buckets: HANDOVER_BUCKETS_S,
  },
  // device
  // vmd
  // store
  // md-manager
  // sdn-app
  // analytics
  // lab
} as const satisfies Record<string, MetricRow>;

export type MetricName = keyof typeof METRICS;
