import { z } from 'zod';
import { timeStamp, unixMs } from './mec-location.js';
import type { DeviceName, Sighting, Sightings } from './sighting.js';

/** ETSI GS MEC 021 (Application Mobility, v2.2.1): platforms tell applications that a device moves between their hosts. */

const STATUSES = ['INTERHOST_MOVEOUT_TRIGGERED', 'INTERHOST_MOVEOUT_COMPLETED', 'INTERHOST_MOVEOUT_FAILED'] as const;

/** Names in this version, numbers from 1 in the older text of the standard: both are taken, unknown ones passed over. */
const mobilityStatus = z.union([z.string(), z.int().transform(number => STATUSES[number - 1] ?? `${number}`)]);

const link = z.looseObject({ href: z.string() });

/** Body of the POST to `callbackReference`; to be answered with 204. Other kinds of notifications go the same way. */
export const mobilityNotification = z.discriminatedUnion('notificationType', [
  z.looseObject({
    notificationType: z.literal('MobilityProcedureNotification'),
    timeStamp: timeStamp.optional(),
    associateId: z.array(z.object({ type: z.string(), value: z.string() })).min(1),
    mobilityStatus,
    targetAppInfo: z.looseObject({ appInstanceId: z.string() }).optional(),
    _links: z.looseObject({ subscription: link }),
  }),
  z.looseObject({ notificationType: z.literal('TestNotification') }),
  z.looseObject({ notificationType: z.literal('ExpiryNotification'), expiryDeadline: timeStamp }),
  z.looseObject({ notificationType: z.literal('AdjacentAppInfoNotification') }),
]);
export type MobilityNotification = z.infer<typeof mobilityNotification>;

const KINDS: Readonly<Record<string, DeviceName['kind']>> = {
  UE_IPv4_ADDRESS: 'ipv4',
  UE_IPV6_ADDRESS: 'ipv6',
  NATED_IP_ADDRESS: 'address',
};
const PHASES: Readonly<Record<string, Sighting['phase']>> = {
  INTERHOST_MOVEOUT_TRIGGERED: 'early',
  INTERHOST_MOVEOUT_COMPLETED: 'late',
};

/** Triggered: it is about to move; completed: it has. One that failed changes nothing. */
export function mobilitySightings(notification: MobilityNotification, receivedAtMs: number): Sightings {
  if (notification.notificationType !== 'MobilityProcedureNotification') return { sightings: [], passedOver: 0 };
  const { associateId, mobilityStatus: status, targetAppInfo, timeStamp: told } = notification;
  const phase = PHASES[status];
  const atMs = told === undefined ? receivedAtMs : unixMs(told);
  const sightings: Sighting[] = [];
  for (const { type, value } of associateId) {
    const kind = KINDS[type];
    if (kind === undefined || phase === undefined) continue;
    const target = targetAppInfo?.appInstanceId;
    const sighting = { origin: 'mec-mobility' as const, phase, device: { kind, value }, atMs };
    sightings.push(target === undefined ? sighting : { ...sighting, target });
  }
  return { sightings, passedOver: associateId.length - sightings.length };
}
