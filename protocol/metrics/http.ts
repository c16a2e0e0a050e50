import type { MetricTable } from './table.js';

export const HTTP = {
  http_errors_total: { kind: 'counter', help: 'requests refused or failed, by error code', labels: ['part', 'code'] },
  http_request_seconds: {
    kind: 'histogram',
    help: 'time of a REST request from its arrival until its answer is made; refused ones and streams are left out',
    labels: ['part', 'route'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
  },
  service_info: { kind: 'gauge', help: '1; the part and the version that run', labels: ['part', 'version'] },
} as const satisfies MetricTable;
