import { each, type MetricTable } from './table.js';

export const VMD = {
  vmd_reports_total: {
    kind: 'counter',
    help: 'reports by what became of them: stored, malformed, too-large, unknown, mismatch, limited, busy, failed',
    labels: ['result'],
    starts: each('result', ['stored', 'malformed', 'too-large', 'unknown', 'mismatch', 'limited', 'busy', 'failed']),
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
} as const satisfies MetricTable;
