import type { MetricRow } from '../common/metrics.js';
import { PHASES } from './api/common.js';

/**
 * Names, units and help of every metric, by what counts them. The unit is the end of the name: `_seconds`, `_bytes`, else a
 * number of things. No vehicle is a label but in a bounded list of those worst off (`analytics_vehicle_age_seconds`).
 */
type Table = Record<string, MetricRow>;

const each = (label: string, values: readonly string[]): Record<string, string>[] =>
  values.map(value => ({ [label]: value }));

const WAYS = ['armed', 'ticket', 'manager', 'cold'];

/** Hand-overs take 0.05 ms to 60 s. */
const HANDOVER_BUCKETS_S = [
  0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];

const HTTP = {
  http_errors_total: { kind: 'counter', help: 'requests refused or failed, by error code', labels: ['part', 'code'] },
  http_request_seconds: {
    kind: 'histogram',
    help: 'time of a REST request from its arrival until its answer is made; refused ones and streams are left out',
    labels: ['part', 'route'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
  },
  service_info: { kind: 'gauge', help: '1; the part and the version that run', labels: ['part', 'version'] },
} as const satisfies Table;

const HANDOVER = {
  handover_duration_seconds: {
    kind: 'histogram',
    help: 'time from detected (host lost: initiated) to a phase',
    labels: ['phase', 'way'],
    buckets: HANDOVER_BUCKETS_S,
  },
} as const satisfies Table;

const COAP = {
  coap_datagrams_total: {
    kind: 'counter',
    help: 'CoAP messages, by direction (in, out) and type (con, non, ack, rst)',
    labels: ['direction', 'type'],
  },
  coap_malformed_total: {
    kind: 'counter',
    help: 'datagrams that are not CoAP, by what was answered (error, reset, none)',
    labels: ['answer'],
  },
  coap_duplicates_total: { kind: 'counter', help: 'messages that had come before' },
  coap_retransmissions_total: { kind: 'counter', help: 'confirmable messages sent again' },
  coap_timeouts_total: { kind: 'counter', help: 'messages never acknowledged and requests never answered' },
  coap_resets_total: { kind: 'counter', help: 'messages that the peer reset' },
  coap_refused_total: { kind: 'counter', help: 'requests answered 5.03 because too many were open' },
  coap_unmatched_total: { kind: 'counter', help: 'responses that match no request' },
  coap_socket_errors_total: {
    kind: 'counter',
    help: 'datagrams that the operating system did not take, and other socket errors',
  },
  coap_handler_failures_total: { kind: 'counter', help: 'requests answered 5.xx because their handler failed' },
  coap_notifications_total: { kind: 'counter', help: 'notifications of observations that were sent' },
  coap_observers_lost_total: {
    kind: 'counter',
    help: 'observers that reset a notification or never acknowledged it',
  },
  coap_observations_refused_total: { kind: 'counter', help: 'observations that were not taken because of a bound' },
  coap_block_refusals_total: {
    kind: 'counter',
    help: 'uploads in blocks that were refused, by code: 4.08 (incomplete), 4.13 (too large)',
    labels: ['code'],
  },
} as const satisfies Table;

const DEVICE = {
  agent_queue_reports: { kind: 'gauge', help: 'reports in the outbox that are not acknowledged' },
  agent_reports_total: {
    kind: 'counter',
    help: 'reports by what became of them: sampled, acknowledged, resent, rejected, dropped, refused',
    labels: ['result'],
    starts: each('result', ['sampled', 'acknowledged', 'resent', 'rejected', 'dropped', 'refused']),
  },
  agent_outbox_bytes: {
    kind: 'gauge',
    help: 'bytes of the outbox: disk (its segments), written (since the start), damaged (found at the start, no records)',
    labels: ['what'],
  },
  agent_outbox_failing: { kind: 'gauge', help: '1 while the disk does not take reports' },
  agent_report_seconds: {
    kind: 'histogram',
    help: 'time from the first transmission of a report to its acknowledgement',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  },
  agent_batch_reports: {
    kind: 'histogram',
    help: 'reports that one acknowledgement was of: above 1 where a backlog is sent',
    buckets: [1, 2, 4, 8, 16],
  },
  agent_obd_request_seconds: {
    kind: 'histogram',
    help: 'time of one request to the car',
    buckets: [0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5],
  },
  agent_obd_samples_total: {
    kind: 'counter',
    help: 'values that the car told, by wire name of the signal: the rate of it is what was achieved',
    labels: ['signal'],
  },
  agent_obd_errors_total: { kind: 'counter', help: 'requests to the car that failed, by error code', labels: ['code'] },
  agent_gps_fix_mode: { kind: 'gauge', help: 'mode of the newest fix: 0 unknown, 1 none, 2 two-, 3 three-dimensional' },
  agent_gps_fix_age_seconds: { kind: 'gauge', help: 'time since the newest position was true' },
  agent_clock_offset_seconds: { kind: 'gauge', help: 'how far the time of the receiver is ahead of the one in use' },
  agent_receiver_times_total: {
    kind: 'counter',
    help: 'times that three 3D fixes vouched for, by what the date is worth: plausible, rollover (1,024 weeks), bogus',
    labels: ['verdict'],
  },
  agent_gps_fixes_total: {
    kind: 'counter',
    help: 'positions by verdict: fix, no-fix, repeated, implausible, malformed',
    labels: ['verdict'],
  },
  agent_registrations_total: {
    kind: 'counter',
    help: 'registrations by result: done, or an error code',
    labels: ['result'],
  },
} as const satisfies Table;

const VMD = {
  vmd_reports_total: {
    kind: 'counter',
    help: 'reports by what became of them: stored, malformed, too-large, unknown, mismatch, limited, busy, failed',
    labels: ['result'],
    starts: each('result', ['stored', 'malformed', 'too-large', 'unknown', 'mismatch', 'busy', 'failed']),
  },
  vmd_limited_total: {
    kind: 'counter',
    help: 'what was more than the share of one vehicle: reports, bytes (answered 4.29), datagrams (not looked at)',
    labels: ['what'],
  },
  vmd_reports_duplicate_total: { kind: 'counter', help: 'reports stored again: their (boot, seq) was known' },
  vmd_report_age_seconds: {
    kind: 'histogram',
    help: 'age of the newest sample of a report once the report is durable; reports of a suspect clock are left out',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600],
  },
  vmd_flagged_total: {
    kind: 'counter',
    help: 'records kept without becoming live (unknown, range) or with an implausible time (suspect)',
    labels: ['reason'],
    starts: each('reason', ['unknown', 'range', 'suspect']),
  },
  vmd_ingest_queue: { kind: 'gauge', help: 'reports that wait for the disk' },
  vmd_twins: { kind: 'gauge', help: 'slots of the host by state', labels: ['state'] },
  vmd_reads_total: {
    kind: 'counter',
    help: 'reads by what was answered: measured, twin-cache, stored, derived, valid, refused',
    labels: ['result'],
    starts: each('result', ['measured', 'twin-cache', 'stored', 'derived', 'valid', 'refused']),
  },
  vmd_proofs_total: {
    kind: 'counter',
    help: 'proofs in reports, by what they were worth: fresh, stale, wrong, unknown (no key of the vehicle here)',
    labels: ['result'],
  },
  vmd_confirms_total: {
    kind: 'counter',
    help: 'attachments told to sdn-app as proven, by its answer or the error code',
    labels: ['result'],
  },
  vmd_store_unread_total: {
    kind: 'counter',
    help: 'times that the store could not be asked for what it has of a vehicle: its twin answers from what it has itself',
  },
  vmd_live_failed_total: { kind: 'counter', help: 'writes of live values that failed' },
} as const satisfies Table;

const STORE = {
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
} as const satisfies Table;

const REPLICATION = {
  twin_replication_lag_seconds: {
    kind: 'gauge',
    help: 'how far a domain is behind another: by the lab’s replicator the age of the oldest row that it has not; with Cassandra measured by markers that each domain writes once a second, told by vMD hosts',
    labels: ['from', 'to'],
  },
} as const satisfies Table;

const MANAGER = {
  handover_total: {
    kind: 'counter',
    help: 'hand-overs that ended; way `none`: before one was chosen',
    labels: ['result', 'reason', 'kind', 'way'],
    starts: WAYS.flatMap(way => ['move', 'first'].map(kind => ({ result: 'completed', reason: 'none', kind, way }))),
  },
  manager_trigger_total: {
    kind: 'counter',
    help: 'news of core networks and MEC platforms about where devices go, by what became of them',
    labels: ['origin', 'result'],
  },
  manager_orders_unwritten_total: {
    kind: 'counter',
    help: 'orders that are in the log alone: the audit log could not be written for long',
  },
  manager_leading: { kind: 'gauge', help: '1 where this md-manager leads' },
  manager_trigger_acks_total: {
    kind: 'counter',
    help: 'answers to news that ask for one, by what was said and whether it got there',
    labels: ['origin', 'status', 'result'],
  },
  manager_subscription_up: {
    kind: 'gauge',
    help: '1 while a core network or MEC platform has our subscription',
    labels: ['origin', 'what'],
  },
  manager_subscription_total: {
    kind: 'counter',
    help: 'tries to make or renew subscriptions there (held, away, refused), and how often they had forgotten one',
    labels: ['origin', 'result'],
  },
  manager_mobility_subscriptions: { kind: 'gauge', help: 'others that are told of our hand-overs (MEC 021)' },
  manager_mobility_notifications_total: {
    kind: 'counter',
    help: 'notifications to them, by what became of them',
    labels: ['result'],
  },
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
  md_hosts: { kind: 'gauge', help: 'vMD hosts', labels: ['domain', 'state'] },
  registrations_total: {
    kind: 'counter',
    help: 'registrations by result',
    labels: ['result'],
    starts: each('result', ['ok']),
  },
  vehicles_registered: { kind: 'gauge', help: 'vehicles that have a number' },
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
  service_lease_term: { kind: 'gauge', help: 'term of the active one of a service', labels: ['service'] },
  service_lease_changes_total: {
    kind: 'counter',
    help: 'times that another one became the active one of a service',
    labels: ['service'],
  },
  effect_retries_total: {
    kind: 'counter',
    help: 'commands to hosts, switch or store that had to be repeated',
    labels: ['effect', 'code'],
  },
} as const satisfies Table;

const SDN = {
  sdn_packet_ins_total: {
    kind: 'counter',
    help: 'copies of frames that the switch sent, by what they meant',
    labels: ['of'],
  },
  sdn_batches_total: {
    kind: 'counter',
    help: 'batches of flow changes, by outcome',
    labels: ['result'],
    starts: each('result', ['applied']),
  },
  sdn_batch_seconds: {
    kind: 'histogram',
    help: 'time from sending a batch to the barrier that confirms it',
    buckets: HANDOVER_BUCKETS_S,
  },
  sdn_attachments: { kind: 'gauge', help: 'vehicles by the state of their attachment', labels: ['state'] },
  sdn_attachments_unconfirmed_total: { kind: 'counter', help: 'attachments that nobody confirmed in time' },
  sdn_late_copies_total: { kind: 'counter', help: 'copies of late frames from the port just left' },
  sdn_read_backs_total: { kind: 'counter', help: 'times the flows of one vehicle were read back from the switch' },
  sdn_reports_total: {
    kind: 'counter',
    help: 'changes of attachment told to md-manager, by answer',
    labels: ['result'],
  },
  sdn_redirects_total: {
    kind: 'counter',
    help: 'moves that used a standby slot at once, by way',
    labels: ['way'],
    starts: each('way', ['armed', 'ticket']),
  },
  sdn_dual_homed_total: { kind: 'counter', help: 'times that a vehicle was taken for dual-homed' },
  sdn_active: { kind: 'gauge', help: '1 while this sdn-app holds the lease' },
  sdn_term: { kind: 'gauge', help: 'term under which this sdn-app acted last' },
  sdn_tickets: { kind: 'gauge', help: 'tickets that are free, by domain', labels: ['domain'] },
  sdn_switch_connected: { kind: 'gauge', help: '1 while the switch can be reached', labels: ['datapath'] },
  sdn_drops: {
    kind: 'gauge',
    help: 'packets that the switches have dropped since they started, by reason',
    labels: ['datapath', 'reason'],
  },
} as const satisfies Table;

const ANALYTICS = {
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
} as const satisfies Table;

const LAB = {
  lab_switch_packets_total: {
    kind: 'counter',
    help: 'datagrams through the soft switch, by what became of them',
    labels: ['fate'],
  },
  lab_switch_control_errors_total: {
    kind: 'counter',
    help: 'lines on the control channel that were refused',
    labels: ['type'],
  },
  lab_switch_sockets: { kind: 'gauge', help: 'sockets that stand for an alias and a tag' },
  car_connections_total: { kind: 'counter', help: 'programs that connected to an OBD adapter' },
  car_requests_total: { kind: 'counter', help: 'command lines that OBD adapters were given' },
  car_forbidden_total: { kind: 'counter', help: 'requests that could change a car; no agent may send one' },
  gpsd_bad_requests_total: { kind: 'counter', help: 'requests to a gpsd that were answered with ERROR' },
  radio_frames_total: {
    kind: 'counter',
    help: 'datagrams of cars by direction (up, down) and result: carried, lost, unattached, foreign, malformed, overflow',
    labels: ['direction', 'result'],
  },
  radio_attachment_changes_total: { kind: 'counter', help: 'changes of access point, to none included' },
  radio_relay_connections_total: {
    kind: 'counter',
    help: 'TCP connections to md-manager by result: carried, cut, refused',
    labels: ['result'],
  },
  replicator_rows_total: { kind: 'counter', help: 'report rows copied to another domain', labels: ['from', 'to'] },
  replicator_steps_failed_total: {
    kind: 'counter',
    help: 'copies that failed and are tried again',
    labels: ['from', 'to'],
  },
  replicator_journal_rows: {
    kind: 'gauge',
    help: 'rows of the journal that some domain still needs',
    labels: ['domain'],
  },
} as const satisfies Table;

export const METRICS = {
  ...HTTP,
  ...HANDOVER,
  ...COAP,
  ...DEVICE,
  ...VMD,
  ...STORE,
  ...REPLICATION,
  ...MANAGER,
  ...SDN,
  ...ANALYTICS,
  ...LAB,
} as const satisfies Table;

export type MetricName = keyof typeof METRICS;

/** What each part tells: the metrics that it counts, and no others. */
export const METRICS_OF = {
  device: { ...HTTP, ...COAP, ...DEVICE },
  vmd: { ...HTTP, ...COAP, ...VMD, ...STORE, ...REPLICATION },
  'md-manager': {
    ...HTTP,
    // Only here all ways are known: the first hand-over by a way is then seen as a rise.
    handover_duration_seconds: {
      ...HANDOVER.handover_duration_seconds,
      starts: PHASES.flatMap(phase => WAYS.map(way => ({ phase, way }))),
    },
    ...STORE,
    ...MANAGER,
  },
  'sdn-app': { ...HTTP, ...HANDOVER, ...SDN },
  analytics: { ...HTTP, ...COAP, ...STORE, ...ANALYTICS },
  lab: { ...HTTP, ...REPLICATION, ...LAB },
} as const satisfies Record<string, Partial<Table>>;

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
} as const satisfies Table;
