import { z } from 'zod';
import type { Acknowledgement, DeviceName, Sightings } from './sighting.js';
import type { Snssai } from './smf.js';

/** Traffic influence through the network exposure function (3GPP TS 29.522): the same news as the SMF's, under other names. */
const text = z.string().optional();

/** Body of the POST to the subscriber's notification destination; to be answered with 204. */
export const nefNotification = z.looseObject({
  subscribedEvent: z.string(),
  dnaiChgType: z.string(),
  /** Where it awaits an answer, with the transaction that the answer names. */
  ...{ afAckUri: text, afTransId: text },
  ...{ gpsi: text, ueMac: text, sourceDnai: text, targetDnai: text },
  ...{ srcUeIpv4Addr: text, srcUeIpv6Prefix: text, tgtUeIpv4Addr: text, tgtUeIpv6Prefix: text },
});
export type NefNotification = z.infer<typeof nefNotification>;

const PHASES: Readonly<Record<string, 'early' | 'late'>> = { EARLY: 'early', LATE: 'late' };
const NOTHING: Sightings = { sightings: [], passedOver: 1 };

/** It carries no time: `receivedAtMs` stands for it. */
export function nefSightings(notification: NefNotification, receivedAtMs: number): Sightings {
  const { sourceDnai: source, targetDnai: target } = notification;
  const phase = PHASES[notification.dnaiChgType];
  const device = deviceOf(notification);
  if (notification.subscribedEvent !== 'UP_PATH_CHANGE' || phase === undefined || device === undefined) return NOTHING;
  const address = notification.tgtUeIpv4Addr ?? notification.tgtUeIpv6Prefix;
  const sighting = {
    ...{ origin: 'nef' as const, phase: target === undefined ? ('gone' as const) : phase, device, atMs: receivedAtMs },
    ...(source === undefined ? {} : { source }),
    ...(target === undefined ? {} : { target }),
    ...(address === undefined ? {} : { address }),
  };
  return { sightings: [sighting], passedOver: 0 };
}

function deviceOf(notification: NefNotification): DeviceName | undefined {
  const names: readonly [DeviceName['kind'], string | undefined][] = [
    ['gpsi', notification.gpsi],
    ['mac', notification.ueMac?.toLowerCase().replaceAll('-', ':')],
    ['ipv4', notification.srcUeIpv4Addr ?? notification.tgtUeIpv4Addr],
    ['ipv6', notification.srcUeIpv6Prefix ?? notification.tgtUeIpv6Prefix],
  ];
  for (const [kind, value] of names) if (value !== undefined) return { kind, value };
  return undefined;
}

export interface NefWish {
  /** Our application there. */
  readonly afAppId: string;
  /** Names the subscription; an earlier one of ours is found by it. */
  readonly afTransId: string;
  readonly notificationDestination: string;
  readonly dnn?: string | undefined;
  readonly snssai?: Snssai | undefined;
}

/** TrafficInfluSub: body of the POST that subscribes. The application may be moved, and is asked. */
export function nefSubscription({
  afAppId,
  afTransId,
  notificationDestination,
  dnn,
  snssai,
}: NefWish): Record<string, unknown> {
  return {
    ...{ afAppId, afTransId, notificationDestination, anyUeInd: true, appReloInd: true, afAckInd: true },
    ...{ subscribedEvents: ['UP_PATH_CHANGE'], dnaiChgType: 'EARLY_LATE', suppFeat: '0' },
    ...(dnn === undefined ? {} : { dnn }),
    ...(snssai === undefined ? {} : { snssai }),
  };
}

/** Subscriptions as it lists them; `self` is where each is. */
export const nefSubscriptions = z.array(z.looseObject({ self: text, afTransId: text, notificationDestination: text }));

/** AfAckInfo: body of the POST to `afAckUri`. */
export function nefAck(afTransId: string | undefined, { status, device }: Acknowledgement): Record<string, unknown> {
  return {
    ...(afTransId === undefined ? {} : { afTransId }),
    ackResult: { afStatus: status },
    ...(device.kind === 'gpsi' ? { gpsi: device.value } : {}),
  };
}
