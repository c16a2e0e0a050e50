import { PHASES, WAYS } from '../api/common.js';
import { HANDOVER_BUCKETS_S, type MetricTable } from './table.js';

export const HANDOVER = {
  handover_duration_seconds: {
    kind: 'histogram',
    help: 'time from detected (host lost: initiated) to a phase',
    labels: ['phase', 'way'],
    buckets: HANDOVER_BUCKETS_S,
  },
} as const satisfies MetricTable;

/** Only md-manager knows all ways: the first hand-over by a way is then seen as a rise. */
export const HANDOVER_FROM_START = {
  handover_duration_seconds: {
    ...HANDOVER.handover_duration_seconds,
    starts: PHASES.flatMap(phase => WAYS.map(way => ({ phase, way }))),
  },
} as const satisfies MetricTable;
