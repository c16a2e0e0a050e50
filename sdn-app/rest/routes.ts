import { z } from 'zod';
import { vehicleId } from '../../protocol/api/common.js';
import { route, type Route } from '../../protocol/api/route.js';
import {
  installRequest,
  redirectRequest,
  retireRequest,
  switchCheck,
  vehicleFlows,
  vehicleFlowsList,
} from '../../protocol/api/sdn-app.js';
import { fault } from '../../protocol/errors.js';
import { install, redirect, retire } from '../commands.js';
import type { SdnService } from '../service.js';
import { describe } from '../vehicles.js';
import { checkSwitch } from './check.js';

const params = z.object({ vehicle: vehicleId });
const REFUSALS = ['EPOCH_STALE', 'TERM_STALE', 'FLOW_INVALID', 'SWITCH_AWAY', 'SWITCH_REFUSED', 'DEADLINE'] as const;

export function sdnRoutes(service: SdnService): Route[] {
  const { network, topology } = service.options;
  return [
    route({
      method: 'PUT',
      path: '/v1/vehicles/{vehicle}',
      summary: 'registration or recovery: back-up routes and way out to a host',
      params,
      body: installRequest,
      answer: vehicleFlows,
      errors: ['REQUEST_INVALID', ...REFUSALS],
      handle: ({ params: { vehicle }, body }) => install(service, vehicle, body),
    }),
    route({
      method: 'PUT',
      path: '/v1/vehicles/{vehicle}/redirect',
      summary: 'the swap: both directions of the flow go to another host',
      params,
      body: redirectRequest,
      answer: vehicleFlows,
      errors: ['VEHICLE_UNKNOWN', ...REFUSALS],
      handle: ({ params: { vehicle }, body }) => redirect(service, vehicle, body),
    }),
    route({
      method: 'POST',
      path: '/v1/vehicles/{vehicle}/retire',
      summary: 'removes the way out of a drained host',
      params,
      body: retireRequest,
      errors: ['VEHICLE_UNKNOWN', 'REQUEST_INVALID', ...REFUSALS],
      handle: ({ params: { vehicle }, body }) => retire(service, vehicle, body),
    }),
    route({
      method: 'GET',
      path: '/v1/vehicles',
      summary: 'every vehicle whose id is known, with its attachment and host',
      answer: vehicleFlowsList,
      handle: () => ({ vehicles: [...service.vehicles.all()].flatMap(row => describe(row, network, topology) ?? []) }),
    }),
    route({
      method: 'GET',
      path: '/v1/vehicles/{vehicle}',
      summary: 'one vehicle',
      params,
      answer: vehicleFlows,
      errors: ['VEHICLE_UNKNOWN'],
      handle: ({ params: { vehicle } }) => {
        const found = describe(service.vehicles.named(vehicle), network, topology);
        if (found === undefined) throw fault('VEHICLE_UNKNOWN', vehicle);
        return found;
      },
    }),
    route({
      method: 'GET',
      path: '/v1/check',
      summary: 'the flows of the switch, read back, beside what should be there',
      answer: switchCheck,
      errors: ['SWITCH_AWAY', 'DEADLINE'],
      handle: () => checkSwitch(service),
    }),
  ];
}
