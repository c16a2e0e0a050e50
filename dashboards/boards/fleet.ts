import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { board } from '../kit/board.js';
import { alertList } from '../kit/alert-list.js';
import { map } from '../kit/maps.js';
import { linkTo } from '../kit/names.js';
import { ZERO_IS_GOOD, bars, graph, stat, type Steps } from '../kit/panels.js';
import { SPEED, positions, signal } from '../kit/positions.js';
import { orZero, risen, twins } from '../kit/queries.js';
import { table } from '../kit/tables.js';
import { labelVariable } from '../kit/variables.js';

const AGE: Steps = [
  [null, 'green'],
  [10, 'yellow'],
  [60, 'red'],
];
const ONLY = ' and on (vehicle) twin_serving{domain=~"$domain"}';
const SERVED = 'max by (vehicle, domain, way) (twin_serving{domain=~"$domain"})';
const TO_VEHICLE = {
  title: 'this vehicle',
  url: linkTo('vehicle', 'var-vehicle=${__data.fields.vehicle}'),
};

const where = positions(
  [
    { expr: 'max by (vehicle) (twin_age_seconds)', column: { of: 'Value #C', title: 'age', unit: 's' } },
    { expr: signal(SPEED), column: { of: 'Value #D', title: 'speed', unit: 'velocitykmh' } },
  ],
  ONLY,
);

/** Who is where, served by which domain and which way, how fresh that is, and what is wrong. */
export const fleet = (): Dashboard =>
  board({
    name: 'fleet',
    says: 'Where every vehicle is, which domain serves it and how it came there, how fresh its data are, and what is wrong.',
    from: 'now-15m',
    handovers: '',
    variables: [
      labelVariable('domain', {
        label: 'domain',
        says: 'vehicles whose twin is there',
        from: 'twins',
        series: 'twin_serving',
        all: true,
      }),
    ],
    sections: [
      {
        title: 'Now',
        panels: [
          stat({
            title: 'Vehicles',
            says: 'Vehicles that have a twin, in the domains chosen.',
            unit: 'none',
            queries: [{ ...twins('count(twin_serving{domain=~"$domain"})'), as: 'now' }],
          }),
          stat({
            title: 'Heard within 10 s',
            says: 'Vehicles whose newest sample is at most 10 s old.',
            unit: 'none',
            queries: [{ expr: 'sum(analytics_vehicles{heard="10s"})', as: 'now' }],
          }),
          stat({
            title: 'Hand-overs',
            says: 'Hand-overs that were completed in the time shown, registrations left out.',
            unit: 'none',
            decimals: 0,
            queries: [{ expr: risen('handover_total{result="completed", kind!="first"}'), as: 'now' }],
            link: { title: 'hand-overs', url: linkTo('handover') },
          }),
          stat({
            title: 'Failed hand-overs',
            says: 'Hand-overs that failed in the time shown: the old twin went on. `Hand-over` tells the reasons.',
            unit: 'none',
            decimals: 0,
            queries: [{ expr: risen('handover_total{result="failed"}'), as: 'now' }],
            steps: ZERO_IS_GOOD,
            link: { title: 'hand-overs', url: linkTo('handover') },
          }),
          stat({
            title: 'Reports lost',
            says: 'Reports that a vehicle numbered and that no store has, awaited for longer than an outage takes.',
            unit: 'none',
            queries: [{ expr: 'max(analytics_reports_lost)', as: 'now' }],
            steps: ZERO_IS_GOOD,
            link: { title: 'store', url: linkTo('store') },
          }),
          stat({
            title: 'Firing alerts',
            says: 'Alerts that fire in Prometheus now.',
            unit: 'none',
            queries: [{ expr: orZero('count(ALERTS{alertstate="firing"})'), as: 'now' }],
            steps: ZERO_IS_GOOD,
            link: { title: 'operations', url: linkTo('operations') },
          }),
          map({
            title: 'Map',
            says: 'Newest position of every vehicle; the colour tells how old it is. A click leads to the vehicle.',
            unit: 's',
            steps: AGE,
            shows: 'vehicles',
            queries: where.queries,
            transformations: where.transformations,
            link: TO_VEHICLE,
          }),
          table({
            title: 'Who is served where',
            says: 'Each vehicle with the domain of its twin, the way by which the twin came there (first: registration), and the age of its newest sample.',
            unit: 'none',
            wide: 10,
            high: 14,
            joinBy: 'vehicle',
            queries: [
              { ...twins(SERVED), as: 'table' },
              { ...twins(`max by (vehicle) (twin_age_seconds)${ONLY}`), as: 'table' },
              { ...twins(`${signal(SPEED)}${ONLY}`), as: 'table' },
            ],
            columns: [
              {
                of: 'vehicle',
                title: 'vehicle',
                link: { ...TO_VEHICLE, url: linkTo('vehicle', 'var-vehicle=${__value.text}') },
              },
              { of: 'domain', title: 'domain' },
              { of: 'way', title: 'way' },
              { of: 'Value #B', title: 'age', unit: 's', steps: AGE },
              { of: 'Value #C', title: 'speed', unit: 'velocitykmh' },
            ],
            sortBy: { title: 'age', descending: true },
          }),
        ],
      },
      {
        title: 'Over time',
        panels: [
          graph({
            title: 'Vehicles by domain',
            says: 'How many twins each domain carries.',
            unit: 'none',
            stacked: true,
            decimals: 0,
            min: 0,
            queries: [twins('count by (domain) (twin_serving{domain=~"$domain"})', '{{domain}}')],
          }),
          graph({
            title: 'Vehicles by way',
            says: 'By which way twins came to where they are: armed, ticket, manager, cold, or first (registration).',
            unit: 'none',
            stacked: true,
            decimals: 0,
            min: 0,
            queries: [twins('count by (way) (twin_serving{domain=~"$domain"})', '{{way}}')],
          }),
          graph({
            title: 'Freshness of the fleet',
            says: 'Vehicles by when their newest sample was: within 10 s, 60 s, 10 min, or longer ago.',
            unit: 'none',
            stacked: true,
            decimals: 0,
            min: 0,
            queries: [{ expr: 'sum by (heard) (analytics_vehicles)', legend: '{{heard}}' }],
          }),
          bars({
            title: 'Heard longest ago',
            says: 'The ten vehicles of the last day that have waited longest for a sample to come.',
            unit: 's',
            wide: 12,
            steps: AGE,
            min: 0,
            queries: [
              { expr: 'sort_desc(max by (vehicle) (analytics_vehicle_age_seconds))', legend: '{{vehicle}}', as: 'now' },
            ],
            link: { title: 'this vehicle', url: linkTo('vehicle', 'var-vehicle=${__field.labels.vehicle}') },
          }),
          alertList(24, 8),
        ],
      },
    ],
  });
