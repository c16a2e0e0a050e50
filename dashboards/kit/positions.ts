import type { DataTransformerConfig } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Query } from './queries.js';
import type { Column } from './tables.js';
import { asColumns } from './tables.js';

const LATITUDE = 'Vehicle.CurrentLocation.Latitude';
const LONGITUDE = 'Vehicle.CurrentLocation.Longitude';
export const SPEED = 'Vehicle.OBD.Speed';

/** A signal of vehicles without the labels that every row has alike. */
export const signal = (path: string, match = ''): string =>
  `max by (vehicle) (twin_signal{signal="${path}"${match === '' ? '' : `, ${match}`}})`;

/** Where every vehicle is, with what belongs to its marker: one row for each. Queries A and B are the position. */
export function positions(
  more: readonly { readonly expr: string; readonly column: Column }[],
  only: string,
): {
  readonly queries: readonly Query[];
  readonly transformations: readonly DataTransformerConfig[];
} {
  const exprs = [signal(LATITUDE), signal(LONGITUDE), ...more.map(({ expr }) => expr)];
  return {
    queries: exprs.map(expr => ({ expr: `${expr}${only}`, from: 'twins', as: 'table' })),
    transformations: asColumns(
      [
        { of: 'vehicle', title: 'vehicle' },
        { of: 'Value #A', title: 'latitude' },
        { of: 'Value #B', title: 'longitude' },
        ...more.map(({ column }) => column),
      ],
      'vehicle',
    ),
  };
}

/** The way of one vehicle over time. */
export const way = (
  vehicle: string,
): {
  readonly queries: readonly Query[];
  readonly transformations: readonly DataTransformerConfig[];
} => ({
  queries: [
    { expr: signal(LATITUDE, vehicle), legend: 'latitude', from: 'twins' },
    { expr: signal(LONGITUDE, vehicle), legend: 'longitude', from: 'twins' },
  ],
  transformations: [{ id: 'joinByField', options: { byField: 'Time', mode: 'inner' } }],
});
