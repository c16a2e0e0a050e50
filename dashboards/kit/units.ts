import { SIGNALS, signalByPath, type SignalRow } from '../../protocol/signals.js';

/** Grafana's names of the units of the catalogue. What is not here is shown behind the number as it is. */
const GRAFANA_UNITS: Readonly<Record<string, string>> = {
  'km/h': 'velocitykmh',
  rpm: 'rotrpm',
  percent: 'percent',
  Celsius: 'celsius',
  kPa: 'pressurekpa',
  km: 'lengthkm',
  m: 'lengthm',
  degrees: 'degree',
  V: 'volt',
  s: 's',
  'l/h': 'litreh',
  '': 'none',
};

export const grafanaUnit = (unit: string): string => GRAFANA_UNITS[unit] ?? `suffix: ${unit}`;

/** Row of a signal of the catalogue; throws where there is none: a dashboard names only what exists. */
export function signalRow(path: string): SignalRow {
  const row = signalByPath(path);
  if (row === undefined) throw new Error(`the catalogue has no signal ${path}`);
  return row;
}

/** The paper's signals beside the position, in the order of the catalogue. */
export const PAPER_SIGNALS: readonly SignalRow[] = SIGNALS.filter(
  ({ paper, path }) => paper === true && !path.startsWith('Vehicle.CurrentLocation.'),
);
