import type { MetricTable } from './table.js';

/** Metrics that parts tell beside their own: of prom-client (the process) and of Prometheus itself (about a scrape). */
export const FOREIGN_METRICS = {
  up: { kind: 'gauge', help: '1 where the last scrape of a target succeeded', labels: ['job', 'instance'] },
  ALERTS: {
    kind: 'gauge',
    help: '1 for each alert, pending or firing',
    labels: ['alertname', 'alertstate', 'severity'],
  },
  process_cpu_seconds_total: { kind: 'counter', help: 'processor time of the process' },
  process_resident_memory_bytes: { kind: 'gauge', help: 'memory of the process' },
  process_start_time_seconds: { kind: 'gauge', help: 'Unix time at which the process started' },
  process_open_fds: { kind: 'gauge', help: 'open files and sockets of the process' },
  nodejs_eventloop_lag_p99_seconds: { kind: 'gauge', help: 'how late the event loop is, 99th percentile' },
} as const satisfies MetricTable;
