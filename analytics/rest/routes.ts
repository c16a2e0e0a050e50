import { z } from 'zod';
import type { Clock } from '../../common/clock.js';
import type { Metrics } from '../../common/metrics.js';
import {
  counts,
  fleet as fleetAnswer,
  handovers,
  history,
  ledger,
  signalRead,
  topologyAnswer,
  vehicleDetail,
  vehicleSummaryList,
} from '../../protocol/api/analytics.js';
import { vehicleId } from '../../protocol/api/common.js';
import { route, type Route } from '../../protocol/api/route.js';
import { fault } from '../../protocol/errors.js';
import type { MetricName } from '../../protocol/metrics.js';
import { SIGNALS, type SignalRow } from '../../protocol/signals.js';
import type { Topology } from '../../protocol/topology.js';
import { joinCells } from '../../store/join.js';
import type { TwinStore } from '../../store/types.js';
import type { FleetState } from '../live/fleet-state.js';
import type { StreamHub } from '../live/stream-hub.js';
import type { VehicleState } from '../live/vehicle-state.js';
import { readHistory } from '../query/history.js';
import { readSignal } from '../query/three-level-read.js';
import type { TwinReader } from '../query/twin-reader.js';
import { countOf, flag, moment, secondsAsMs, signalRows } from './query-values.js';

export interface RouteDeps {
  readonly fleet: FleetState;
  readonly store: TwinStore;
  readonly twin: TwinReader;
  readonly hub: StreamHub;
  readonly topology: Topology;
  readonly clock: Clock;
  readonly metrics: Metrics<MetricName>;
}

const HISTORY_MS = 600_000;
const TIMEOUT_MS = 2_000;
const ofVehicle = z.strictObject({ vehicle: vehicleId });
const nothing = z.strictObject({});

/** Every resource of analytics; shapes are those of protocol/api/analytics.ts. */
export function analyticsRoutes(deps: RouteDeps): Route[] {
  const { fleet, store, clock } = deps;
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
    signalRoute(deps),
    route({
      method: 'GET',
      path: '/v1/vehicles/{vehicle}/history',
      summary: 'past values; gaps stay gaps, peaks stay peaks',
      params: ofVehicle,
      query: z.strictObject({
        signals: z.string().optional(),
        from: moment.optional(),
        to: moment.optional(),
        limit: countOf(2, 10_000, 600),
      }),
      answer: history,
      errors: ['VEHICLE_UNKNOWN', 'SIGNAL_UNKNOWN', 'STORE_FAILED'],
      handle: ({ params, query }) => {
        const toMs = query.to ?? clock.nowMs();
        const fromMs = query.from ?? toMs - HISTORY_MS;
        if (fromMs > toMs) throw fault('REQUEST_INVALID', 'query: from is later than to');
        const paper = (SIGNALS as readonly SignalRow[]).filter(row => row.paper);
        const rows = query.signals === undefined ? paper : signalRows(query.signals);
        return readHistory(store, { vehicle: known(params.vehicle).vehicle, rows, fromMs, toMs, limit: query.limit });
      },
    }),
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
      summary: 'SSE: the fleet at once, then every change',
      query: z.strictObject({ vehicle: vehicleId.optional() }),
      raw: true,
      errors: ['READERS_FULL'],
      handle: ({ query, reply }) => deps.hub.open(reply, query.vehicle),
    }),
  ];
}

function signalRoute({ fleet, store, twin, clock, metrics }: RouteDeps): Route {
  return route({
    method: 'GET',
    path: '/v1/vehicles/{vehicle}/signals/{path}',
    summary: 'one signal through the three levels: store, twin, car',
    params: z.strictObject({ vehicle: vehicleId, path: z.string() }),
    query: z.strictObject({ maxAge: secondsAsMs, timeout: countOf(1, 60_000, TIMEOUT_MS), explain: flag }),
    answer: signalRead,
    errors: ['SIGNAL_UNKNOWN', 'SIGNAL_NO_VALUE', 'VEHICLE_UNKNOWN', 'UPSTREAM_AWAY', 'COAP_TIMEOUT', 'STORE_FAILED'],
    handle: async ({ params, query }) => {
      const { explain, ...answer } = await readSignal(
        { ...params, maxAgeMs: query.maxAge, timeoutMs: query.timeout },
        {
          clock,
          twin,
          stored: async (vehicle, wire) => {
            // What was taken from history may be newer than the live cells, which lag by up to a second.
            const held = fleet.vehicles.get(vehicle)?.cells.get(wire);
            const cells = joinCells(await store.live(vehicle), held === undefined ? [] : [held]);
            return cells.find(({ signal }) => signal === wire);
          },
          complete: vehicle => (fleet.vehicles.get(vehicle)?.counts.awaited ?? 0) === 0,
        },
      );
      metrics.count('analytics_reads_total', { level: answer.level });
      return query.explain ? { ...answer, explain } : answer;
    },
  });
}
