import { z } from 'zod';
import type { Acknowledgement, DeviceName, Sighting, Sightings } from './sighting.js';

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
  /** Where it awaits an answer (release 16 and later); a path that is about to change may wait for it. */
  ackUri: text,
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

/** Whose paths are asked for: all devices of a data network, or of a slice of it. */
export interface SmfWish {
  readonly notifId: string;
  readonly notifUri: string;
  readonly dnn?: string | undefined;
  readonly snssai?: Snssai | undefined;
  /** Unix milliseconds; the subscription is to end by itself, should nobody renew it. */
  readonly expiresAtMs: number;
}

/** A slice of the network: `sst` 0 to 255, `sd` six hexadecimal digits (TS 29.571). */
export interface Snssai {
  readonly sst: number;
  readonly sd?: string;
}

/** NsmfEventExposure: body of the POST that subscribes, and of the PUT that renews. */
export function smfSubscription({ notifId, notifUri, dnn, snssai, expiresAtMs }: SmfWish): Record<string, unknown> {
  return {
    ...{ notifId, notifUri, anyUeInd: true, notifMethod: 'ON_EVENT_DETECTION', supportedFeatures: '0' },
    ...(dnn === undefined ? {} : { dnn }),
    ...(snssai === undefined ? {} : { snssai }),
    eventSubs: [{ event: 'UP_PATH_CH', dnaiChgType: 'EARLY_LATE' }, { event: 'PDU_SES_REL' }],
    expiry: new Date(expiresAtMs).toISOString(),
  };
}

/** What it says of the subscription; its end may come sooner than asked for. */
export const smfSubscribed = z.looseObject({ expiry: text });

/** AckOfNotify: body of the POST to `ackUri`. */
export function smfAck(notifId: string, { status, device }: Acknowledgement): Record<string, unknown> {
  const named = device.kind === 'gpsi' || device.kind === 'supi' ? { [device.kind]: device.value } : {};
  return { notifId, ackResult: { afStatus: status }, ...named };
}
