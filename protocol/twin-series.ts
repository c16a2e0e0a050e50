/**
 * Series about vehicles, which analytics computes from history when it is asked in PromQL (`/api/v1/query`,
 * `query_range`, `labels`, `series`): what Grafana's own Prometheus data source plots. They are never scraped: a vehicle
 * is no label of a metric of a service (`protocol/metrics.ts`).
 */
export interface TwinSeriesRow {
  readonly help: string;
  readonly labels: readonly string[];
}

export const TWIN_SERIES = {
  twin_signal: {
    help: 'numeric value of a signal; `signal` is its path. Absent where reports are missing: a gap stays a gap',
    labels: ['vehicle', 'signal'],
  },
  twin_age_seconds: { help: 'time since the newest sample of a vehicle', labels: ['vehicle'] },
  twin_serving: {
    help: '1 for the domain whose host acts as the twin, and the way by which it came there (first: registration)',
    labels: ['vehicle', 'domain', 'way'],
  },
  twin_handover_time_seconds: {
    help: 'Unix time at which a hand-over began; told for one step (at least 60 s) from then on, so that none is missed',
    labels: ['vehicle', 'handover', 'from', 'to', 'way', 'result', 'reason'],
  },
  twin_handover_duration_seconds: {
    help: 'time from detected (host lost: initiated) to activated of a hand-over; told as long as its time',
    labels: ['vehicle', 'handover', 'from', 'to', 'way', 'result', 'reason'],
  },
} as const satisfies Record<string, TwinSeriesRow>;

export type TwinSeriesName = keyof typeof TWIN_SERIES;
