import { BOARDS, SOURCES } from '../kit/names.js';
import { ALERTS, type AlertRow } from './alerts.js';

const FOLDER = 'edgetwin';
const LOOK_BACK_S = 600;

/**
 * The same alerts as rules of Grafana itself, in the form of its provisioning files: for those whom Grafana notifies. A
 * query, and a threshold that it must be above: our expressions leave out what is in order, so whatever is left is wrong.
 */
export const grafanaAlerts = (): unknown => ({
  apiVersion: 1,
  groups: [
    {
      orgId: 1,
      name: 'edgetwin',
      folder: FOLDER,
      interval: '10s',
      rules: Object.entries<AlertRow>(ALERTS).map(([title, row]) => ({
        uid: title.toLowerCase(),
        title,
        condition: 'found',
        for: row.for,
        // Nothing left over means that all is well.
        noDataState: 'OK',
        execErrState: 'Error',
        labels: { severity: row.severity, system: 'edgetwin' },
        annotations: {
          summary: grafanaTemplate(row.summary),
          description: row.says,
          __dashboardUid__: BOARDS[row.board].uid,
        },
        data: [
          {
            refId: 'query',
            relativeTimeRange: { from: LOOK_BACK_S, to: 0 },
            datasourceUid: SOURCES.metrics.uid,
            model: { refId: 'query', expr: row.expr, instant: true, range: false },
          },
          {
            refId: 'found',
            relativeTimeRange: { from: 0, to: 0 },
            datasourceUid: '__expr__',
            model: {
              refId: 'found',
              type: 'math',
              // The value may be 0 (`up == 0`); that there is one is what counts.
              expression: '$query == $query',
            },
          },
        ],
      })),
    },
  ],
});

/** `$value` is the value of the query there, and its functions have no `humanizePercentage` of a whole alert. */
const grafanaTemplate = (text: string): string => text.replaceAll('$value', '$values.query.Value');
