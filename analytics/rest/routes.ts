import { z } from 'zod';
import {
  counts,
  fleet as fleetAnswer,
  handovers,
  ledger,
  topologyAnswer,
  vehicleDetail,
  vehicleSummaryList,
} from '../../protocol/api/analytics.js';
import { vehicleId } from '../../protocol/api/common.js';
import { route, type Route } from '../../protocol/api/route.js';
import { fault } from '../../protocol/errors.js';
import type { VehicleState } from '../live/vehicle-state.js';
import { historyRoutes } from './history-routes.js';
import { prometheusRoutes } from './prometheus-routes.js';
import { countOf } from './query-values.js';
import { readRoutes } from './read-routes.js';
import type { RouteDeps } from './route-deps.js';

const ofVehicle = z.strictObject({ vehicle: vehicleId });
const nothing = z.strictObject({});

/** Every resource of analytics; shapes are those of protocol/api/analytics.ts. */
export function analyticsRoutes(deps: RouteDeps): Route[] {
  const { fleet, clock } = deps;
  const known = (vehicle: string): VehicleState => {
    const state = fleet.vehicles.get(vehicle);
    if (state === undefined) throw fault('VEHICLE_UNKNOWN', vehicle);
    return state;
  };
  return [
    route({
      method: 'GET',
      path: '/v1/vehicles',
      summary: 'vehicles, who serves them, when they were last heard',
      query: nothing,
      answer: vehicleSummaryList,
      handle: () => ({ sources: fleet.sources(), vehicles: fleet.summaries() }),
    }),
    route({
      method: 'GET',
      path: '/v1/vehicles/{vehicle}',
      summary: 'every signal of a vehicle with age and source',
      params: ofVehicle,
      query: nothing,
      answer: vehicleDetail,
      errors: ['VEHICLE_UNKNOWN'],
      handle: ({ params }) => fleet.detail(known(params.vehicle)),
    }),
    ...readRoutes(deps),
    ...historyRoutes(deps),
    route({
      method: 'GET',
      path: '/v1/fleet',
      summary: 'all vehicles with signals and tracks: what the fleet page starts from',
      query: nothing,
      answer: fleetAnswer,
      handle: () => fleet.fleet(),
    }),
    route({
      method: 'GET',
      path: '/v1/handovers',
      summary: 'hand-overs, newest first; the last known ones while md-manager is away',
      query: z.strictObject({ vehicle: vehicleId.optional(), limit: countOf(1, 500, 100) }),
      answer: handovers,
      handle: ({ query }) => ({ sources: fleet.sources(), handovers: fleet.handovers(query) }),
    }),
    route({
      method: 'GET',
      path: '/v1/topology',
      summary: 'domains and access points',
      query: nothing,
      answer: topologyAnswer,
      handle: () => ({ domains: deps.topology.domains, accessPoints: deps.topology.accessPoints }),
    }),
    route({
      method: 'GET',
      path: '/v1/counts',
      summary: 'reports and hand-overs, counted',
      query: nothing,
      answer: counts,
      handle: () => ({ sources: fleet.sources(), ...fleet.counts() }),
    }),
    route({
      method: 'GET',
      path: '/v1/ledger',
      summary: 'what happened to every report and hand-over of a vehicle',
      query: ofVehicle,
      answer: ledger,
      errors: ['VEHICLE_UNKNOWN'],
      handle: ({ query: { vehicle } }) => {
        const state = known(vehicle);
        const nowMs = clock.nowMs();
        state.count(nowMs);
        return {
          sources: fleet.sources(),
          vehicle,
          reports: state.counts,
          boots: state.ledger.boots(nowMs),
          handovers: fleet.handovers({ vehicle, limit: 500 }),
        };
      },
    }),
    route({
      method: 'GET',
      path: '/v1/stream',
      summary: 'SSE: the fleet at once, then every change; with Last-Event-ID what was missed',
      query: z.strictObject({ vehicle: vehicleId.optional() }),
      raw: true,
      errors: ['READERS_FULL'],
      handle: ({ query, request, reply }) => {
        const { 'last-event-id': lastEventId } = request.headers;
        deps.hub.open(reply, query.vehicle, typeof lastEventId === 'string' ? lastEventId : undefined);
      },
    }),
    ...prometheusRoutes({ source: deps.series, clock, log: deps.log }),
  ];
}
