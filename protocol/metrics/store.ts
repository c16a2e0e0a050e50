import type { MetricTable } from './table.js';

export const STORE = {
  store_commit_seconds: {
    kind: 'histogram',
    help: 'time from the begin of a group commit of reports until it is durable',
    buckets: [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
  },
  replication_marker_failed_total: {
    kind: 'counter',
    help: 'markers of replication that could not be written or read',
  },
  store_up: { kind: 'gauge', help: '1 while the store can be written to; 0 while Cassandra is away' },
  store_requests: {
    kind: 'gauge',
    help: 'requests to Cassandra that are with the cluster, or wait in the queue for a place',
    labels: ['at'],
  },
} as const satisfies MetricTable;

export const REPLICATION = {
  twin_replication_lag_seconds: {
    kind: 'gauge',
    help: 'how far a domain is behind another: by the lab’s replicator the age of the oldest row that it has not; with Cassandra measured by markers that each domain writes once a second, told by vMD hosts',
    labels: ['from', 'to'],
  },
} as const satisfies MetricTable;
