/** What Grafana knows our things by: fixed, so that links and bookmarks outlive a new version. */
export const BOARDS = {
  fleet: { uid: 'edgetwin-fleet', title: 'Fleet' },
  vehicle: { uid: 'edgetwin-vehicle', title: 'Vehicle' },
  handover: { uid: 'edgetwin-hand-over', title: 'Hand-over' },
  domains: { uid: 'edgetwin-domains', title: 'Domains and pools' },
  store: { uid: 'edgetwin-store', title: 'Store' },
  operations: { uid: 'edgetwin-operations', title: 'Operations' },
} as const;
export type BoardName = keyof typeof BOARDS;

/** Tag by which the dashboards link to each other. */
export const TAG = 'edgetwin';

/**
 * The two data sources, both of Grafana's own kind `prometheus`: `metrics` is a Prometheus that scrapes the services,
 * `twins` is analytics, which answers PromQL about vehicles. Dashboards name them by variables, so that they also work
 * beside other data sources.
 */
export const SOURCES = {
  metrics: { uid: 'edgetwin-metrics', name: 'edgetwin metrics' },
  twins: { uid: 'edgetwin-twins', name: 'edgetwin twins' },
} as const;
export type Source = keyof typeof SOURCES;

export const sourceRef = (source: Source): { type: string; uid: string } => ({
  type: 'prometheus',
  uid: `\${${source}}`,
});

/** Path of a dashboard with the viewer's time range and data sources kept. `rest`: further variables. */
export const linkTo = (board: BoardName, rest = ''): string =>
  `/d/${BOARDS[board].uid}?\${__url_time_range}&\${metrics:queryparam}&\${twins:queryparam}${rest === '' ? '' : `&${rest}`}`;
