/** A series that Prometheus computes from others: what dashboards and alerts share, or what would be dear to ask each time. */
export interface RecordingRow {
  readonly says: string;
  readonly expr: string;
}

/** A subquery over what is there or 0: a series of a new reason begins at 1, and its first event would be no rise. */
const risen15m = (selector: string): string => `increase((sum(${selector}) or vector(0))[15m:])`;

/** Names as Prometheus advises: what it is by, what it is of, how it was made. */
export const RECORDING_RULES = {
  'domain:vmd_reports_stored:rate1m': {
    says: 'reports per second that became durable, by domain',
    expr: 'sum by (domain) (rate(vmd_reports_total{result="stored"}[1m]))',
  },
  'domain:store_commit_seconds:p99_5m': {
    says: 'time until a group of reports is on disk, 99th percentile, by domain',
    expr: 'histogram_quantile(0.99, sum by (le, domain) (rate(store_commit_seconds_bucket{job="vmd"}[5m])))',
  },
  'vmd_report_age_seconds:p99_5m': {
    says: 'age of a report’s newest sample once it is durable, 99th percentile',
    expr: 'histogram_quantile(0.99, sum by (le) (rate(vmd_report_age_seconds_bucket[5m])))',
  },
  'handover_failed:ratio15m': {
    says: 'share of the hand-overs that ended in the last 15 minutes that failed; 0 where none ended',
    expr: `${risen15m('handover_total{result="failed"}')} / clamp_min(${risen15m('handover_total')}, 1)`,
  },
  'way:handover_activated_seconds:p99_1h': {
    says: 'time from the first frame at the new port until the new twin acts, 99th percentile, by way',
    expr: 'histogram_quantile(0.99, sum by (le, way) (rate(handover_duration_seconds_bucket{phase="activated"}[1h])))',
  },
  'standby_used:ratio1h': {
    says: 'share of the standby slots that ended in the last hour that were used',
    expr: 'sum(increase(standby_ended_total{as="used"}[1h])) / clamp_min(sum(increase(standby_ended_total[1h])), 1)',
  },
} as const satisfies Record<string, RecordingRow>;

export type RecordingName = keyof typeof RECORDING_RULES;
