import { z } from 'zod';
import { vehicleId } from '../../protocol/api/common.js';
import { settingsRecord } from '../../protocol/api/md-manager.js';
import { route, type Route } from '../../protocol/api/route.js';
import { fault } from '../../protocol/errors.js';
import { vehicleSettings } from '../../protocol/settings.js';
import type { Runner } from '../handover/runner.js';
import type { SettingsDesk } from '../settings/desk.js';

const params = z.object({ vehicle: vehicleId });

/** What vehicles are to be set to, and what they said of it. */
export function settingsRoutes(desk: SettingsDesk, runner: Pick<Runner, 'state'>): Route[] {
  const known = (vehicle: string): void => {
    if (runner.state(vehicle) === undefined) throw fault('VEHICLE_UNKNOWN', vehicle);
  };
  return [
    route({
      method: 'PUT',
      path: '/v1/vehicles/{vehicle}/settings',
      summary: 'set a vehicle: tiers, rates, thresholds, budget; in place of what was set before',
      params,
      body: vehicleSettings,
      answer: settingsRecord,
      errors: ['VEHICLE_UNKNOWN', 'REQUEST_INVALID', 'STORE_FAILED'],
      handle: ({ params: { vehicle }, body }) => {
        known(vehicle);
        return desk.put(vehicle, body);
      },
    }),
    route({
      method: 'GET',
      path: '/v1/vehicles/{vehicle}/settings',
      summary: 'what a vehicle is to be set to, and what its device said of that',
      params,
      answer: settingsRecord,
      errors: ['VEHICLE_UNKNOWN', 'NOT_FOUND'],
      handle: ({ params: { vehicle } }) => {
        known(vehicle);
        const record = desk.record(vehicle);
        if (record === undefined) throw fault('NOT_FOUND', `nothing was ever set of ${vehicle}`);
        return record;
      },
    }),
  ];
}
