import { z } from 'zod';
import { vehicleId } from '../../protocol/api/common.js';
import { afterNumber, pageQuery } from '../../protocol/api/pages.js';
import { route, type Route } from '../../protocol/api/route.js';
import {
  armingRequest,
  attachmentHint,
  confirmAnswer,
  confirmRequest,
  installRequest,
  moveList,
  redirectRequest,
  retireRequest,
  standingAnswer,
  switchCheck,
  ticketsRequest,
  traceAnswer,
  vehicleFlows,
  vehicleFlowsList,
} from '../../protocol/api/sdn-app.js';
import { fault } from '../../protocol/errors.js';
import { arm, confirm, giveTickets, hint, install, redirect, retire } from '../commands.js';
import { describe } from '../describe.js';
import type { SdnService } from '../service.js';
import { checkSwitches } from './check.js';
import { packetsByKind } from './packets.js';
import { traceVehicle } from './trace.js';

const params = z.object({ vehicle: vehicleId });
const limit = z.coerce.number().int().min(1).max(1_000).default(100);
const flag = z.enum(['true', 'false']);
const AWAY = ['NOT_ACTIVE', 'SWITCH_AWAY', 'DEADLINE'] as const;
const REFUSALS = ['EPOCH_STALE', 'TERM_STALE', 'FLOW_INVALID', 'SWITCH_REFUSED', ...AWAY] as const;

/** Commands and views of the active sdn-app; a stand-by answers `/v1/standing`, and NOT_ACTIVE to the rest. */
export function sdnRoutes(service: SdnService): Route[] {
  return [...commandRoutes(service), ...viewRoutes(service)];
}

const commandRoutes = (service: SdnService): Route[] => [
  route({
    method: 'PUT',
    path: '/v1/vehicles/{vehicle}',
    command: 'install',
    summary: 'registration or recovery: back-up routes and way out to a host',
    params,
    body: installRequest,
    answer: vehicleFlows,
    errors: ['REQUEST_INVALID', ...REFUSALS],
    handle: ({ params: { vehicle }, body }) => install(service.active, vehicle, body),
  }),
  route({
    method: 'PUT',
    path: '/v1/vehicles/{vehicle}/redirect',
    command: 'redirect',
    summary: 'the swap: both directions of the flow go to another host',
    params,
    body: redirectRequest,
    answer: vehicleFlows,
    errors: ['VEHICLE_UNKNOWN', ...REFUSALS],
    handle: ({ params: { vehicle }, body }) => redirect(service.active, vehicle, body),
  }),
  route({
    method: 'POST',
    path: '/v1/vehicles/{vehicle}/retire',
    command: 'retire',
    summary: 'removes the way out of a drained host',
    params,
    body: retireRequest,
    errors: ['VEHICLE_UNKNOWN', 'REQUEST_INVALID', ...REFUSALS],
    handle: ({ params: { vehicle }, body }) => retire(service.active, vehicle, body),
  }),
  route({
    method: 'PUT',
    path: '/v1/vehicles/{vehicle}/arming',
    summary: 'standby slots that the vehicle may use by itself; replaces those before',
    params,
    body: armingRequest,
    answer: vehicleFlows,
    errors: ['VEHICLE_UNKNOWN', 'REQUEST_INVALID', ...REFUSALS],
    handle: ({ params: { vehicle }, body }) => arm(service.active, vehicle, body),
  }),
  route({
    method: 'PUT',
    path: '/v1/tickets',
    summary: 'standby slots that no vehicle holds yet; replaces those before, used ones stay used',
    body: ticketsRequest,
    errors: ['REQUEST_INVALID', 'TERM_STALE', 'FLOW_INVALID', ...AWAY],
    handle: ({ body }) => giveTickets(service.active, body),
  }),
  route({
    method: 'PUT',
    path: '/v1/attachments/{vehicle}',
    command: 'hint',
    summary: 'somebody other than the switch saw the vehicle there: a hint, as a copy of a frame is one',
    params,
    body: attachmentHint,
    errors: ['VEHICLE_UNKNOWN', 'REQUEST_INVALID', ...AWAY],
    handle: ({ params: { vehicle }, body }) => hint(service.active, vehicle, body),
  }),
  route({
    method: 'POST',
    path: '/v1/attachments/{vehicle}/confirm',
    summary: 'a vMD host has verified a fresh message of the vehicle that came in by this port',
    params,
    body: confirmRequest,
    answer: confirmAnswer,
    errors: ['VEHICLE_UNKNOWN', 'REQUEST_INVALID', ...AWAY],
    handle: ({ params: { vehicle }, body }) => confirm(service.active, vehicle, body),
  }),
];

const viewRoutes = (service: SdnService): Route[] => [
  route({
    method: 'GET',
    path: '/v1/vehicles',
    summary: 'every vehicle whose id is known, with its attachment and host; ?after=NUMBER&limit=N: a page of them',
    query: pageQuery,
    answer: vehicleFlowsList,
    errors: ['REQUEST_INVALID', ...AWAY],
    handle: ({ query: { after, limit: most = Infinity } }) => {
      const { vehicles } = service.active;
      const rows = [...vehicles.above(after, most)];
      const last = rows.at(-1)?.number ?? after;
      return {
        vehicles: rows.flatMap(row => describe(row, service.options.topology, service.downPorts) ?? []),
        ...(last < vehicles.highestNumber && rows.length === most ? { next: last } : {}),
      };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/vehicles/{vehicle}',
    summary: 'one vehicle; ?counters=true: with the packets of its flows',
    params,
    query: z.strictObject({ counters: flag.default('false') }),
    answer: vehicleFlows,
    errors: ['VEHICLE_UNKNOWN', ...AWAY],
    handle: async ({ params: { vehicle: id }, query: { counters } }) => {
      const { vehicles, runner } = service.active;
      const vehicle = vehicles.named(id);
      const found = describe(vehicle, service.options.topology, service.downPorts);
      if (found === undefined) throw fault('VEHICLE_UNKNOWN', id);
      return counters === 'false' ? found : { ...found, packets: packetsByKind(await runner.readAll(vehicle)) };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/moves',
    summary: 'the last moves that this process saw, newest first',
    query: z.strictObject({ vehicle: vehicleId.optional(), limit }),
    answer: moveList,
    errors: ['REQUEST_INVALID'],
    handle: ({ query: { vehicle, limit: most } }) => ({ moves: service.moves.latest(most, vehicle) }),
  }),
  route({
    method: 'GET',
    path: '/v1/standing',
    summary: 'whether this one is active, and how its switches are',
    answer: standingAnswer,
    handle: () => service.standing,
  }),
  route({
    method: 'GET',
    path: '/v1/check',
    summary:
      'the flows of the switches, read back, beside what should be there; ?flows=false: counts alone; ?vehicle=: of one; ?after=NUMBER: of a block of vehicle numbers above it',
    query: z.strictObject({
      flows: flag.default('true'),
      vehicle: vehicleId.optional(),
      after: afterNumber.optional(),
    }),
    answer: switchCheck,
    errors: ['VEHICLE_UNKNOWN', 'REQUEST_INVALID', ...AWAY],
    handle: ({ query: { flows, vehicle, after: above } }) => {
      const listed = flows === 'true' ? 'flows' : 'counts';
      if (vehicle !== undefined) return checkSwitches(service, listed, { vehicle });
      return checkSwitches(service, listed, above === undefined ? 'all' : { after: above });
    },
  }),
  route({
    method: 'GET',
    path: '/v1/trace/{vehicle}',
    summary: 'where a frame of a vehicle goes by the flows that the switches hold, and where its answer goes',
    params,
    query: z.strictObject({ from: z.enum(['port', 'elsewhere', 'stranger']).default('port') }),
    answer: traceAnswer,
    errors: ['VEHICLE_UNKNOWN', 'REQUEST_INVALID', ...AWAY],
    handle: ({ params: { vehicle }, query: { from } }) => traceVehicle(service, vehicle, from),
  }),
];
