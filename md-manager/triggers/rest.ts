import { z } from 'zod';
import type { Route } from '../../protocol/api/route.js';
import { route } from '../../protocol/api/route.js';
import { locationSightings, zonalPresence } from '../../protocol/triggers/mec-location.js';
import { mobilityNotification, mobilitySightings } from '../../protocol/triggers/mec-mobility.js';
import { nefAck, nefNotification, nefSightings } from '../../protocol/triggers/nef.js';
import type { Sighting, Sightings } from '../../protocol/triggers/sighting.js';
import { smfAck, smfNotification, smfSightings } from '../../protocol/triggers/smf.js';
import type { AckWish, Acks } from './acks.js';
import type { Standing } from './standing.js';
import type { Triggers } from './triggers.js';

/** GET /v1/triggers: what we have subscribed to, and how that stands. */
export const triggerList = z.object({
  subscriptions: z.array(
    z.object({
      origin: z.enum(['smf', 'nef', 'mec-location', 'mec-mobility']),
      what: z.string(),
      state: z.enum(['asking', 'held', 'away', 'refused']),
      sinceMs: z.number(),
      url: z.string().optional(),
      untilMs: z.number().optional(),
      error: z.string().optional(),
    }),
  ),
});

export interface TriggerRouteDeps {
  readonly triggers: Triggers;
  readonly acks: Acks;
  readonly standings: readonly Standing[];
  readonly nowMs: () => number;
}

/** Where others post their notifications: they demand 204, whatever we make of it; and how our subscriptions stand. */
export function triggerRoutes({ triggers, acks, standings, nowMs }: TriggerRouteDeps): Route[] {
  const row = { method: 'POST' as const, errors: ['REQUEST_INVALID'] };
  const take = async (sightings: Sightings, origin: Sighting['origin'], wish?: AckWish): Promise<void> => {
    const outcomes = await triggers.take(sightings, origin);
    if (wish !== undefined) acks.answer(wish, outcomes);
  };
  return [
    route({
      ...row,
      path: '/v1/triggers/smf',
      summary: 'Nsmf_EventExposure (3GPP TS 29.508): paths of the user plane that change',
      body: smfNotification,
      handle: ({ body }) => {
        const { ackUri: uri, notifId } = body;
        const wish = { origin: 'smf' as const, body: (ack: Parameters<typeof smfAck>[1]) => smfAck(notifId, ack) };
        void take(smfSightings(body), 'smf', uri === undefined ? undefined : { ...wish, uri });
      },
    }),
    route({
      ...row,
      path: '/v1/triggers/nef',
      summary: 'traffic influence (3GPP TS 29.522): the same through the exposure function',
      body: nefNotification,
      handle: ({ body }) => {
        const { afAckUri: uri, afTransId } = body;
        const wish = { origin: 'nef' as const, body: (ack: Parameters<typeof nefAck>[1]) => nefAck(afTransId, ack) };
        void take(nefSightings(body, nowMs()), 'nef', uri === undefined ? undefined : { ...wish, uri });
      },
    }),
    route({
      ...row,
      path: '/v1/triggers/mec-location',
      summary: 'ETSI MEC 013: who enters a zone, or changes its access point there',
      body: zonalPresence,
      handle: ({ body }) => void take(locationSightings(body), 'mec-location'),
    }),
    route({
      ...row,
      path: '/v1/triggers/mec-mobility',
      summary: 'ETSI MEC 021: who moves between the hosts of a platform',
      body: mobilityNotification,
      handle: ({ body }) => {
        void take(mobilitySightings(body, nowMs()), 'mec-mobility');
        if (body.notificationType !== 'ExpiryNotification') return;
        for (const standing of standings) if (standing.contract.origin === 'mec-mobility') standing.hurry();
      },
    }),
    route({
      method: 'GET',
      path: '/v1/triggers',
      summary: 'subscriptions at core networks and MEC platforms',
      answer: triggerList,
      handle: () => ({ subscriptions: standings.map(shown) }),
    }),
  ];
}

function shown({ contract: { origin, what }, state }: Standing): z.infer<typeof triggerList>['subscriptions'][number] {
  const { sinceMs } = state;
  const row = { origin, what, state: state.at, sinceMs };
  if (state.at === 'held')
    return { ...row, url: state.url, ...(state.untilMs === undefined ? {} : { untilMs: state.untilMs }) };
  return state.at === 'asking' ? row : { ...row, error: state.error };
}
