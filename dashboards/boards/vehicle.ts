import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import type { SignalRow } from '../../protocol/signals.js';
import { board } from '../kit/board.js';
import { map } from '../kit/maps.js';
import { linkTo } from '../kit/names.js';
import { band, graph, stat, type PanelMaker, type Steps } from '../kit/panels.js';
import { SPEED, signal, way } from '../kit/positions.js';
import { orZero, twins } from '../kit/queries.js';
import { table } from '../kit/tables.js';
import { PAPER_SIGNALS, grafanaUnit, signalRow } from '../kit/units.js';
import { labelVariable } from '../kit/variables.js';

const OF = 'vehicle="$vehicle"';
const AGE: Steps = [
  [null, 'green'],
  [10, 'yellow'],
  [60, 'red'],
];
const LOAD = 'Vehicle.OBD.EngineLoad';
const COOLANT = 'Vehicle.OBD.CoolantTemperature';
const ENGINE_SPEED = 'Vehicle.OBD.EngineSpeed';

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
const what = ({ label, path, unit, obd }: SignalRow): string =>
  `${capital(label)}${unit === '' ? '' : ` in ${unit}`} (\`${path}\`${obd === undefined ? '' : `, PID ${obd.pid.toString(16).toUpperCase().padStart(2, '0')}`}). Where reports are missing, the line has a gap.`;

/** One signal over time. */
const signalGraph = (path: string, size: { wide: number; high: number }): PanelMaker => {
  const row = signalRow(path);
  return graph({
    title: capital(row.label),
    says: what(row),
    unit: grafanaUnit(row.unit),
    queries: [twins(`twin_signal{${OF}, signal="${path}"}`, row.label)],
    ...size,
  });
};

const TOP = new Set([LOAD, COOLANT]);

/** One vehicle: the paper's figure 6 and the rest of its thirteen signals, with the hand-overs that happened meanwhile. */
export const vehicle = (): Dashboard =>
  board({
    name: 'vehicle',
    says: 'One vehicle: what it does, how fresh that is, who serves it, and its signals across hand-overs. Engine load and coolant temperature are figure 6 of the MIGRATE paper.',
    from: 'now-15m',
    handovers: `{${OF}}`,
    variables: [
      labelVariable('vehicle', {
        label: 'vehicle',
        says: 'whose twin is shown',
        from: 'twins',
        series: 'twin_age_seconds',
        all: false,
      }),
      labelVariable('signal', {
        label: 'signals to compare',
        says: 'signals of the vehicle that are drawn together at the end of the page',
        from: 'twins',
        series: `twin_signal{${OF}}`,
        all: true,
      }).current({ text: SPEED, value: SPEED, selected: true }),
    ],
    sections: [
      {
        title: 'Now',
        panels: [
          stat({
            title: 'Age of data',
            says: 'Time since the newest sample.',
            unit: 's',
            decimals: 1,
            steps: AGE,
            queries: [{ ...twins(`twin_age_seconds{${OF}}`), as: 'now' }],
          }),
          stat({
            title: 'Served by',
            says: 'Domain whose host acts as the twin.',
            unit: 'none',
            names: true,
            queries: [{ ...twins(`twin_serving{${OF}}`, '{{domain}}'), as: 'now' }],
            link: { title: 'domains', url: linkTo('domains') },
          }),
          stat({
            title: 'Came by',
            says: 'Way of its last hand-over: armed, ticket, manager, cold; first: registration.',
            unit: 'none',
            names: true,
            queries: [{ ...twins(`twin_serving{${OF}}`, '{{way}}'), as: 'now' }],
            link: { title: 'hand-overs', url: linkTo('handover') },
          }),
          stat({
            title: 'Number of hand-overs',
            says: 'Hand-overs of this vehicle in the time shown.',
            unit: 'none',
            queries: [
              { ...twins(orZero(`count(last_over_time(twin_handover_time_seconds{${OF}}[$__range]))`)), as: 'now' },
            ],
          }),
          stat({
            title: 'Speed now',
            says: what(signalRow(SPEED)),
            unit: 'velocitykmh',
            queries: [{ ...twins(signal(SPEED, OF)), as: 'now' }],
          }),
          stat({
            title: 'Engine speed now',
            says: what(signalRow(ENGINE_SPEED)),
            unit: 'rotrpm',
            queries: [{ ...twins(signal(ENGINE_SPEED, OF)), as: 'now' }],
          }),
          band({
            title: 'Domain',
            says: 'Which domain served the vehicle, and by which way the twin came there. A hand-over is where one band ends and the next begins.',
            unit: 'none',
            queries: [twins(`twin_serving{${OF}}`, '{{domain}} ({{way}})')],
            words: { '1': ['serving', 'blue'] },
            steps: [[null, 'blue']],
            high: 5,
          }),
        ],
      },
      {
        title: 'Figure 6',
        panels: [signalGraph(LOAD, { wide: 24, high: 8 }), signalGraph(COOLANT, { wide: 24, high: 8 })],
      },
      {
        title: 'The other signals of the paper',
        panels: [
          map({
            title: 'Way',
            says: 'The way in the time shown.',
            unit: 'none',
            shows: 'way',
            wide: 12,
            high: 14,
            ...way(OF),
          }),
          ...PAPER_SIGNALS.filter(({ path }) => !TOP.has(path)).map(({ path }) =>
            signalGraph(path, { wide: 12, high: 7 }),
          ),
        ],
      },
      {
        title: 'What happened',
        panels: [
          table({
            title: 'Hand-overs',
            says: 'Hand-overs in the time shown: from where to where, by which way, and the time from the first frame at the new port until the new twin acted.',
            unit: 'none',
            wide: 24,
            high: 8,
            queries: [
              { ...twins(`last_over_time(twin_handover_time_seconds{${OF}}[$__range]) * 1000`), as: 'table' },
              {
                ...twins(`max by (handover) (last_over_time(twin_handover_duration_seconds{${OF}}[$__range]))`),
                as: 'table',
              },
            ],
            joinBy: 'handover',
            columns: [
              { of: 'Value #A', title: 'at', unit: 'dateTimeAsIso' },
              { of: 'from', title: 'from' },
              { of: 'to', title: 'to' },
              { of: 'way', title: 'way' },
              { of: 'result', title: 'result' },
              { of: 'reason', title: 'reason' },
              { of: 'Value #B', title: 'took', unit: 's' },
            ],
            sortBy: { title: 'at', descending: true },
          }),
          graph({
            title: 'Signals to compare',
            says: 'Any signals of the vehicle, chosen at the top of the page. Their units differ: compare shapes, not heights.',
            unit: 'none',
            wide: 24,
            high: 10,
            queries: [twins(`twin_signal{${OF}, signal=~"$signal"}`, '{{signal}}')],
          }),
        ],
      },
    ],
  });
