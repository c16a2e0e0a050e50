import { each, type MetricTable } from './table.js';

export const DEVICE = {
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
} as const satisfies MetricTable;
