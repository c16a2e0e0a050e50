import { ANALYTICS } from './metrics/analytics.js';
import { COAP } from './metrics/coap.js';
import { DEVICE } from './metrics/device.js';
import { HANDOVER, HANDOVER_FROM_START } from './metrics/handover.js';
import { HTTP } from './metrics/http.js';
import { LAB } from './metrics/lab.js';
import { MANAGER } from './metrics/manager.js';
import { POOL } from './metrics/pool.js';
import { SDN } from './metrics/sdn-app.js';
import { REPLICATION, STORE } from './metrics/store.js';
import type { MetricTable } from './metrics/table.js';
import { VMD } from './metrics/vmd.js';

/** Every metric, by what counts it. */
export const METRICS = {
  ...HTTP,
  ...HANDOVER,
  ...COAP,
  ...DEVICE,
  ...VMD,
  ...STORE,
  ...REPLICATION,
  ...MANAGER,
  ...POOL,
  ...SDN,
  ...ANALYTICS,
  ...LAB,
} as const satisfies MetricTable;

export type MetricName = keyof typeof METRICS;

/** What each part tells: the metrics that it counts, and no others. */
export const METRICS_OF = {
  device: { ...HTTP, ...COAP, ...DEVICE },
  vmd: { ...HTTP, ...COAP, ...VMD, ...STORE, ...REPLICATION },
  'md-manager': {
    ...HTTP,
    ...HANDOVER_FROM_START,
    ...STORE,
    ...MANAGER,
    ...POOL,
  },
  'sdn-app': { ...HTTP, ...HANDOVER, ...SDN },
  analytics: { ...HTTP, ...COAP, ...STORE, ...ANALYTICS },
  lab: { ...HTTP, ...REPLICATION, ...LAB },
} as const satisfies Record<string, Partial<MetricTable>>;
