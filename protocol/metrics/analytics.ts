import type { MetricTable } from './table.js';

export const ANALYTICS = {
  analytics_reads_total: {
    kind: 'counter',
    help: 'reads of one signal, by the level that answered',
    labels: ['level'],
  },
  analytics_vehicles: {
    kind: 'gauge',
    help: 'vehicles by when their newest sample was: 10s, 60s, 10m (within that time), older',
    labels: ['heard'],
  },
  analytics_vehicle_age_seconds: {
    kind: 'gauge',
    help: 'time since the newest sample of the ten vehicles that were heard longest ago, of those heard within a day',
    labels: ['vehicle'],
  },
  analytics_stream_readers: { kind: 'gauge', help: 'open readers of the live stream' },
  analytics_stream_events_total: { kind: 'counter', help: 'live events made, by kind', labels: ['event'] },
  analytics_reports_stored: { kind: 'gauge', help: 'distinct reports in the store' },
  analytics_reports_lost: { kind: 'gauge', help: 'reports awaited for longer than an outage takes' },
  analytics_scan_seconds: {
    kind: 'histogram',
    help: 'time of a whole scan of the store',
    buckets: [0.001, 0.01, 0.1, 1, 10, 100],
  },
  analytics_reads_shared_total: { kind: 'counter', help: 'reads that shared the answer of one under way' },
  analytics_rollup_blocks_total: {
    kind: 'counter',
    help: 'blocks of 5 min that were rolled up: new ones, and those that late reports changed',
    labels: ['why'],
  },
  analytics_unreadable_rows_total: { kind: 'counter', help: 'rows of history that are no report of a known form' },
} as const satisfies MetricTable;
