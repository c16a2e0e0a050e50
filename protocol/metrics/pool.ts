import { HANDOVER_BUCKETS_S, type MetricTable } from './table.js';

export const POOL = {
  pool_ready: { kind: 'gauge', help: 'slots that are ready', labels: ['domain'] },
  pool_allocation_seconds: {
    kind: 'histogram',
    help: 'time from the wish for a slot to its reservation; above zero where a host had to be started',
    labels: ['way'],
    buckets: HANDOVER_BUCKETS_S,
  },
  pool_order_seconds: {
    kind: 'histogram',
    help: 'time that MANO took to start a host (until it exists, not until it is ready)',
    buckets: HANDOVER_BUCKETS_S,
  },
  pool_ready_seconds: {
    kind: 'histogram',
    help: 'time from the order of a vMD host to its hello',
    labels: ['domain'],
    buckets: [0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2.5, 5, 10, 20, 40, 60, 120, 300, 900],
  },
  pool_requests_total: {
    kind: 'counter',
    help: 'wishes for a slot by what they found: armed, ticket (kept for a move that might come), ready, none (at first)',
    labels: ['domain', 'found'],
  },
  pool_host_seconds_total: {
    kind: 'counter',
    help: 'time that vMD hosts existed, summed over them',
    labels: ['domain'],
  },
  pool_idle_host_seconds_total: {
    kind: 'counter',
    help: 'of that, the time that they were ready and carried nobody, by the share of their slots',
    labels: ['domain'],
  },
  pool_full_total: {
    kind: 'counter',
    help: 'times that a domain had no slot left and its quota of hosts: vehicles stay on their old twin',
    labels: ['domain'],
  },
  arming_forecasts_total: {
    kind: 'counter',
    help: 'forecasts of where vehicles go, by what they say: enters (another domain within the horizon), stays',
    labels: ['result'],
  },
  pool_hosts_failed_total: {
    kind: 'counter',
    help: 'vMD hosts that failed before they had proved to work: MANO could not start them, no hello, lost at once',
    labels: ['domain', 'at'],
  },
  pool_hosts_ended_total: {
    kind: 'counter',
    help: 'vMD hosts that were ended because their pool could do without them, or that were drained',
    labels: ['domain'],
  },
  pool_hosts_quarantined_total: {
    kind: 'counter',
    help: 'times that a vMD host came and went and was given nothing more until it was well again; the third time it is replaced',
    labels: ['domain'],
  },
  md_hosts: { kind: 'gauge', help: 'vMD hosts', labels: ['domain', 'state'] },
  standby_slots: {
    kind: 'gauge',
    help: 'slots kept for hand-overs that may come, by way: armed (of a vehicle), ticket (of nobody yet)',
    labels: ['way', 'domain'],
  },
  standby_ended_total: {
    kind: 'counter',
    help: 'standby slots by their end: used, or wasted: withdrawn, expired, refused (by host or sdn-app), lost (with its host)',
    labels: ['way', 'as'],
    starts: ['armed', 'ticket'].flatMap(way =>
      ['used', 'withdrawn', 'expired', 'refused', 'lost'].map(as => ({ way, as })),
    ),
  },
} as const satisfies MetricTable;
