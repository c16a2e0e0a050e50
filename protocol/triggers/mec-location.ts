import { z } from 'zod';
import type { Sightings } from './sighting.js';

/** ETSI GS MEC 013 (Location, v2.2.1): a platform tells who enters, leaves or changes access points within a zone. */
export const timeStamp = z.object({ seconds: z.number(), nanoSeconds: z.number() });
export const unixMs = ({ seconds, nanoSeconds }: z.infer<typeof timeStamp>): number =>
  seconds * 1000 + nanoSeconds / 1e6;

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
