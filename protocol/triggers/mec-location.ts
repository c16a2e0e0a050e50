import { z } from 'zod';
import type { Sightings } from './sighting.js';

/** ETSI GS MEC 013 (Location, v2.2.1): a platform tells who enters, leaves or changes access points within a zone. */
export const timeStamp = z.object({ seconds: z.number(), nanoSeconds: z.number() });
export const unixMs = ({ seconds, nanoSeconds }: z.infer<typeof timeStamp>): number =>
  seconds * 1000 + nanoSeconds / 1e6;
export const timeStampOf = (ms: number): z.infer<typeof timeStamp> => {
  const seconds = Math.floor(ms / 1000);
  return { seconds, nanoSeconds: Math.floor((ms - seconds * 1000) * 1e6) };
};

/** Body of the POST to the subscriber; to be answered with 204. */
export const zonalPresence = z.looseObject({
  zonalPresenceNotification: z.looseObject({
    zoneId: z.string(),
    address: z.string(),
    /** `Entering`, `Leaving`, `Transferring`; written in capitals by some. */
    userEventType: z.string(),
    currentAccessPointId: z.string(),
    previousAccessPointId: z.string().optional(),
    timestamp: timeStamp,
  }),
});
export type ZonalPresence = z.infer<typeof zonalPresence>;

/** To enter a zone or change its access point is an attachment that has changed; who leaves may be about to enter another. */
export function locationSightings({ zonalPresenceNotification: told }: ZonalPresence): Sightings {
  const atMs = unixMs(told.timestamp);
  const device = { kind: 'address' as const, value: told.address };
  switch (told.userEventType.toLowerCase()) {
    case 'entering':
    case 'transferring': {
      const sighting = { origin: 'mec-location' as const, phase: 'late' as const, device, atMs };
      return {
        sightings: [{ ...sighting, target: told.zoneId, accessPoint: told.currentAccessPointId }],
        passedOver: 0,
      };
    }
    case 'leaving':
      return {
        sightings: [{ origin: 'mec-location', phase: 'gone', device, atMs, source: told.zoneId }],
        passedOver: 0,
      };
    default:
      return { sightings: [], passedOver: 1 };
  }
}

export interface ZoneWish {
  readonly zoneId: string;
  readonly notifyURL: string;
  /** Names the subscription: the same request twice makes one. */
  readonly clientCorrelator: string;
  readonly durationS: number;
}

/** Body of the POST that subscribes to a zone, and, with its own URL, of the PUT that renews. */
export function zonalTraffic(wish: ZoneWish, resourceURL?: string): Record<string, unknown> {
  const { zoneId, notifyURL, clientCorrelator, durationS } = wish;
  return {
    zonalTrafficSubscription: {
      ...{ zoneId, clientCorrelator, duration: durationS },
      callbackReference: { notifyURL, notificationFormat: 'JSON' },
      userEventCriteria: ['Entering', 'Transferring', 'Leaving'],
      ...(resourceURL === undefined ? {} : { resourceURL }),
    },
  };
}

const zonalTrafficSubscription = z.looseObject({
  zoneId: z.string(),
  callbackReference: z.looseObject({ notifyURL: z.string() }),
  clientCorrelator: z.string().optional(),
  /** For how many seconds it will still hold. */
  duration: z.number().optional(),
  resourceURL: z.string().optional(),
});
export const zonalSubscribed = z.looseObject({ zonalTrafficSubscription });
export const zonalSubscriptions = z.looseObject({
  notificationSubscriptionList: z.looseObject({
    zonalTrafficSubscription: z.array(zonalTrafficSubscription).default([]),
  }),
});
