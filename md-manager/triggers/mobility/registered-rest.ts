import { z } from 'zod';
import { route, type Route } from '../../../protocol/api/route.js';
import { mobilityRegistration } from '../../../protocol/triggers/mec-mobility.js';
import type { Registered, RegisteredApp } from './registered.js';
import { AMS_PATH } from './rest.js';

const one = z.object({ appMobilityServiceId: z.string() });
const registered = z.looseObject({ appMobilityServiceId: z.string(), serviceConsumerId: z.looseObject({}) });

const shown = ({ id, registration }: RegisteredApp): z.infer<typeof registered> => ({
  ...registration,
  appMobilityServiceId: id,
});

/** Where applications of others register themselves for application mobility (ETSI GS MEC 021 §7.3). `base`: as others reach us. */
export function registeredRoutes(apps: Registered, base: string): Route[] {
  const path = `${AMS_PATH}/app_mobility_services`;
  return [
    route({
      method: 'POST',
      path,
      summary: 'MEC 021: register an application that goes with its devices; ends after its expiryTime',
      body: mobilityRegistration,
      answer: registered,
      status: 201,
      errors: ['REQUEST_INVALID', 'READERS_FULL', 'STORE_AWAY', 'STORE_FAILED'],
      handle: async ({ body, reply }) => {
        const app = await apps.add(body);
        void reply.header('location', `${base}${path}/${app.id}`);
        return shown(app);
      },
    }),
    route({
      method: 'GET',
      path,
      summary: 'MEC 021: all registered applications',
      answer: z.array(registered),
      handle: () => apps.all().map(shown),
    }),
    route({
      method: 'GET',
      path: `${path}/{appMobilityServiceId}`,
      summary: 'MEC 021: one registered application',
      params: one,
      answer: registered,
      errors: ['NOT_FOUND'],
      handle: ({ params }) => shown(apps.get(params.appMobilityServiceId)),
    }),
    route({
      method: 'PUT',
      path: `${path}/{appMobilityServiceId}`,
      summary: 'MEC 021: change or renew a registration: its devices, and whether their context has moved',
      params: one,
      body: mobilityRegistration,
      answer: registered,
      errors: ['REQUEST_INVALID', 'NOT_FOUND', 'STORE_AWAY', 'STORE_FAILED'],
      handle: async ({ params, body }) => shown(await apps.replace(params.appMobilityServiceId, body)),
    }),
    route({
      method: 'DELETE',
      path: `${path}/{appMobilityServiceId}`,
      summary: 'MEC 021: end a registration',
      params: one,
      errors: ['NOT_FOUND', 'STORE_AWAY', 'STORE_FAILED'],
      handle: ({ params }) => apps.remove(params.appMobilityServiceId),
    }),
    route({
      method: 'POST',
      path: `${path}/{appMobilityServiceId}/deregister_task`,
      summary: 'MEC 021: the same, as the standard has it beside DELETE',
      params: one,
      errors: ['NOT_FOUND', 'STORE_AWAY', 'STORE_FAILED'],
      handle: ({ params }) => apps.remove(params.appMobilityServiceId),
    }),
  ];
}
