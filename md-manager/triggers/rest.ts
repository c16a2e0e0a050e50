import type { Route } from '../../protocol/api/route.js';
import { route } from '../../protocol/api/route.js';
import { locationSightings, zonalPresence } from '../../protocol/triggers/mec-location.js';
import { mobilityNotification, mobilitySightings } from '../../protocol/triggers/mec-mobility.js';
import { nefNotification, nefSightings } from '../../protocol/triggers/nef.js';
import { smfNotification, smfSightings } from '../../protocol/triggers/smf.js';
import type { Triggers } from './triggers.js';

/** Where others post their notifications: they demand 204, whatever we make of it. */
export function triggerRoutes(triggers: Triggers, nowMs: () => number): Route[] {
  const row = { method: 'POST' as const, errors: ['REQUEST_INVALID'] };
  return [
    route({
      ...row,
      path: '/v1/triggers/smf',
      summary: 'Nsmf_EventExposure (3GPP TS 29.508): paths of the user plane that change',
      body: smfNotification,
      handle: ({ body }) => void triggers.take(smfSightings(body), 'smf'),
    }),
    route({
      ...row,
      path: '/v1/triggers/nef',
      summary: 'traffic influence (3GPP TS 29.522): the same through the exposure function',
      body: nefNotification,
      handle: ({ body }) => void triggers.take(nefSightings(body, nowMs()), 'nef'),
    }),
    route({
      ...row,
      path: '/v1/triggers/mec-location',
      summary: 'ETSI MEC 013: who enters a zone, or changes its access point there',
      body: zonalPresence,
      handle: ({ body }) => void triggers.take(locationSightings(body), 'mec-location'),
    }),
    route({
      ...row,
      path: '/v1/triggers/mec-mobility',
      summary: 'ETSI MEC 021: who moves between the hosts of a platform',
      body: mobilityNotification,
      handle: ({ body }) => void triggers.take(mobilitySightings(body, nowMs()), 'mec-mobility'),
    }),
  ];
}
