import { z } from 'zod';
import { timeStamp, timeStampOf, unixMs } from './mec-location.js';
import type { DeviceName, Sighting, Sightings } from './sighting.js';

/** ETSI GS MEC 021 (Application Mobility, v2.2.1): platforms tell applications that a device moves between their hosts. */

export const STATUSES = [
  'INTERHOST_MOVEOUT_TRIGGERED',
  'INTERHOST_MOVEOUT_COMPLETED',
  'INTERHOST_MOVEOUT_FAILED',
] as const;

export type MobilityStatus = (typeof STATUSES)[number];

/** Names in this version, numbers from 1 in the older text of the standard: both are taken, unknown ones passed over. */
const mobilityStatus = z.union([z.string(), z.int().transform(number => STATUSES[number - 1] ?? `${number}`)]);

const link = z.looseObject({ href: z.string() });
const associateId = z.object({ type: z.string(), value: z.string() });
export type AssociateId = z.infer<typeof associateId>;

/** Body of the POST to `callbackReference`; to be answered with 204. Other kinds of notifications go the same way. */
export const mobilityNotification = z.discriminatedUnion('notificationType', [
  z.looseObject({
    notificationType: z.literal('MobilityProcedureNotification'),
    timeStamp: timeStamp.optional(),
    associateId: z.array(associateId).min(1),
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

/** How a platform names a device that we know by this name, where it has such names. */
export function associateIdOf({ kind, value }: DeviceName): AssociateId | undefined {
  const [type] = Object.entries(KINDS).find(([, ours]) => ours === kind) ?? [];
  return type === undefined ? undefined : { type, value };
}

const expires = { expiryDeadline: timeStamp.optional() };
const callbackReference = z.url({ protocol: /^https?$/ });
const deadline = { ...expires, requestTestNotification: z.boolean().optional() };

/** A subscription as others make it here, and we make it at a platform: body of POST and PUT. */
export const mobilitySubscription = z.discriminatedUnion('subscriptionType', [
  z.looseObject({
    subscriptionType: z.literal('MobilityProcedureSubscription'),
    callbackReference,
    ...deadline,
    /** All that are given must hold. */
    filterCriteria: z.looseObject({
      appInstanceId: z.string().optional(),
      associateId: z.array(associateId).optional(),
      mobilityStatus: z.array(mobilityStatus).optional(),
    }),
  }),
  z.looseObject({
    subscriptionType: z.literal('AdjacentAppInfoSubscription'),
    callbackReference,
    ...deadline,
    filterCriteria: z.looseObject({ appInstanceId: z.string().optional() }),
  }),
]);
export type MobilitySubscription = z.infer<typeof mobilitySubscription>;

/** What a platform says of ours. */
export const mobilitySubscribed = z.looseObject({
  ...expires,
  callbackReference: z.string().optional(),
  _links: z.looseObject({ self: link }).optional(),
});

/** Subscriptions as a platform lists them: each has to be read for what it is. */
export const mobilitySubscriptions = z.looseObject({
  _links: z.looseObject({ self: link, subscription: z.array(z.looseObject({ href: z.string() })).default([]) }),
});

export const LEVELS = [
  'APP_MOBILITY_NOT_ALLOWED',
  'APP_MOBILITY_WITH_CONFIRMATION',
  'APP_MOBILITY_WITHOUT_CONFIRMATION',
] as const;
const TRANSFER_STATES = ['NOT_TRANSFERRED', 'USER_CONTEXT_TRANSFER_COMPLETED'] as const;
export type ContextTransferState = (typeof TRANSFER_STATES)[number];

const mobilityDevice = z.looseObject({
  associateId,
  appMobilityServiceLevel: z.enum(LEVELS).optional(),
  contextTransferState: z.enum(TRANSFER_STATES).optional(),
});
export type MobilityDevice = z.infer<typeof mobilityDevice>;
const consumer = z.looseObject({ appInstanceId: z.string().optional(), mepId: z.string().optional() });

/** An application that goes with its devices, as others register it here, and we register ours at a platform: body of POST and PUT. */
export const mobilityRegistration = z.looseObject({
  serviceConsumerId: consumer.refine(
    ({ appInstanceId, mepId }) => (appInstanceId === undefined) !== (mepId === undefined),
    'appInstanceId or mepId',
  ),
  deviceInformation: z.array(mobilityDevice).max(1_000).optional(),
  /** Seconds from now on; 0, like none: for ever. */
  expiryTime: z.int().min(0).max(2_147_483).optional(),
});
export type MobilityRegistration = z.infer<typeof mobilityRegistration>;

/** What a platform says of a registration, and of all. */
export const mobilityRegistered = z.looseObject({
  appMobilityServiceId: z.string().optional(),
  serviceConsumerId: consumer,
  expiryTime: z.number().optional(),
});
export const mobilityRegistrations = z.array(mobilityRegistered);

/** Where an instance of the application is reached. */
export interface CommInterface {
  readonly ipAddresses: readonly { readonly host: string; readonly port: number }[];
}
export interface AppInstance {
  readonly appInstanceId: string;
  readonly commInterface: CommInterface;
}

/** Bodies of the notifications that we send. */
export const told = {
  mobility: (
    of: { associateId: readonly AssociateId[]; status: MobilityStatus; target?: AppInstance | undefined; atMs: number },
    subscription: string,
  ): unknown => ({
    notificationType: 'MobilityProcedureNotification',
    timeStamp: timeStampOf(of.atMs),
    associateId: of.associateId,
    mobilityStatus: of.status,
    ...(of.target === undefined ? {} : { targetAppInfo: of.target }),
    _links: { subscription: { href: subscription } },
  }),
  adjacent: (adjacent: readonly AppInstance[], atMs: number, subscription: string): unknown => ({
    notificationType: 'AdjacentAppInfoNotification',
    timeStamp: timeStampOf(atMs),
    adjacentAppInfo: adjacent.map(({ appInstanceId, commInterface }) => ({
      appInstanceId,
      commInterface: [commInterface],
    })),
    _links: { subscription: { href: subscription } },
  }),
  expiry: (expiresAtMs: number, atMs: number, subscription: string): unknown => ({
    notificationType: 'ExpiryNotification',
    timeStamp: timeStampOf(atMs),
    expiryDeadline: timeStampOf(expiresAtMs),
    _links: { subscription: { href: subscription } },
  }),
  test: (subscription: string): unknown => ({
    notificationType: 'TestNotification',
    _links: { subscription: { href: subscription } },
  }),
} as const;
