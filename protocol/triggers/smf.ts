import { z } from 'zod';
import type { DeviceName, Sighting, Sightings } from './sighting.js';

/**
 * Nsmf_EventExposure (3GPP TS 29.508): the session management function tells an application of changed user-plane paths.
 * Enumerations are open; of an event only its name and time are sure to be there.
 */

const text = z.string().optional();
const routeToLocation = z
  .looseObject({ dnai: z.string(), routeInfo: z.looseObject({ ipv4Addr: text, ipv6Addr: text }).nullish() })
  .nullish();

const eventNotification = z.looseObject({
  event: z.string(),
  timeStamp: z.string(),
  ...{ supi: text, gpsi: text, ueMac: text, dnaiChgType: text, sourceDnai: text, targetDnai: text },
  ...{ sourceUeIpv4Addr: text, sourceUeIpv6Prefix: text, targetUeIpv4Addr: text, targetUeIpv6Prefix: text },
  ...{ sourceTraRouting: routeToLocation, targetTraRouting: routeToLocation },
});
type EventNotification = z.infer<typeof eventNotification>;

/** Body of the POST to the subscriber's `notifUri`; to be answered with 204. */
export const smfNotification = z.looseObject({
  notifId: z.string(),
  eventNotifs: z.array(eventNotification).min(1),
});
export type SmfNotification = z.infer<typeof smfNotification>;

const PHASES: Readonly<Record<string, 'early' | 'late'>> = { EARLY: 'early', LATE: 'late' };

/** The changed paths and ended sessions of a notification. */
export function smfSightings({ eventNotifs }: SmfNotification): Sightings {
  const sightings = eventNotifs.map(sightingOf).filter(found => found !== undefined);
  return { sightings, passedOver: eventNotifs.length - sightings.length };
}

function sightingOf(event: EventNotification): Sighting | undefined {
  const device = deviceOf(event);
  const atMs = Date.parse(event.timeStamp);
  if (device === undefined || Number.isNaN(atMs)) return undefined;
  const source = event.sourceDnai ?? event.sourceTraRouting?.dnai;
  if (event.event === 'PDU_SES_REL')
    return { origin: 'smf', phase: 'gone', device, atMs, ...(source === undefined ? {} : { source }) };
  const phase = PHASES[event.dnaiChgType ?? ''];
  if (event.event !== 'UP_PATH_CH' || phase === undefined) return undefined;
  const target = event.targetDnai ?? event.targetTraRouting?.dnai;
  const address = event.targetUeIpv4Addr ?? event.targetUeIpv6Prefix;
  return {
    // Without a target it has left all edges.
    ...{ origin: 'smf', phase: target === undefined ? 'gone' : phase, device, atMs },
    ...(source === undefined ? {} : { source }),
    ...(target === undefined ? {} : { target }),
    ...(address === undefined ? {} : { address }),
  };
}

/** By the name that stays: subscriptions before addresses. */
function deviceOf(event: EventNotification): DeviceName | undefined {
  const names: readonly [DeviceName['kind'], string | undefined][] = [
    ['gpsi', event.gpsi],
    ['supi', event.supi],
    ['mac', event.ueMac?.toLowerCase().replaceAll('-', ':')],
    ['ipv4', event.sourceUeIpv4Addr ?? event.targetUeIpv4Addr],
    ['ipv6', event.sourceUeIpv6Prefix ?? event.targetUeIpv6Prefix],
  ];
  for (const [kind, value] of names) if (value !== undefined) return { kind, value };
  return undefined;
}
