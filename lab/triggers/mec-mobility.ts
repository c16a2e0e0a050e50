import { timeStampOf, unixMs } from '../../protocol/triggers/mec-location.js';
import { Book, type Kept } from './book.js';
import { notThere, type Asked, type Reply } from './door.js';
import { Platform, type FarEnd, type FarEndOptions } from './far-end.js';
import { answerSubscriptions } from './subscriptions.js';

const SUBSCRIPTIONS = '/subscriptions';
const SERVICES = '/app_mobility_services';
const DEREGISTER = '/deregister_task';
const MOST_LIFE_MS = 3_600_000;
const STATUS = { early: 'INTERHOST_MOVEOUT_TRIGGERED', late: 'INTERHOST_MOVEOUT_COMPLETED' } as const;

interface Subscription extends Record<string, unknown> {
  readonly subscriptionType: 'MobilityProcedureSubscription' | 'AdjacentAppInfoSubscription';
  readonly callbackReference?: string;
  readonly requestTestNotification?: boolean;
  readonly expiryDeadline?: { readonly seconds: number; readonly nanoSeconds: number };
  readonly filterCriteria: { readonly mobilityStatus?: readonly string[] };
}

export interface MecMobility extends FarEnd {
  /** Applications that have registered themselves. */
  readonly services: Book;
  /** Subscribers are told that their time is about to end. */
  tellExpiry(): Promise<void>;
}

/** The application mobility service of a MEC platform (ETSI GS MEC 021 v2.2.1). */
export async function openMecMobility(options: FarEndOptions = {}): Promise<MecMobility> {
  const platform = new Platform('mec-mobility', options);
  const { book, clock } = platform;
  const hrefOf = (id: string): string => `${door.url}${SUBSCRIPTIONS}/${id}`;
  const taken = (body: unknown, id?: string): Kept => {
    const { subscriptionType } = platform.checked<Subscription>('MobilityProcedureSubscription', body);
    const asked = platform.checked<Subscription>(subscriptionType, body);
    const latestMs = clock.nowMs() + MOST_LIFE_MS;
    const untilMs = Math.min(asked.expiryDeadline === undefined ? latestMs : unixMs(asked.expiryDeadline), latestMs);
    const { requestTestNotification = false, ...rest } = asked;
    const kept = book.put({ ...rest, expiryDeadline: timeStampOf(untilMs) }, untilMs, id);
    if (requestTestNotification) void test(kept.id, asked.callbackReference);
    return kept;
  };
  const test = (id: string, url: string | undefined): Promise<void> => {
    const notification = { notificationType: 'TestNotification', _links: { subscription: { href: hrefOf(id) } } };
    return platform.post(url, 'TestNotification', notification);
  };
  const services = new Book(clock);
  const registered = (body: unknown, id?: string): Kept => {
    const info = platform.checked<{ readonly expiryTime?: number }>('RegistrationInfo', body);
    const { expiryTime = 0 } = info;
    return services.put({ ...info }, expiryTime === 0 ? undefined : clock.nowMs() + expiryTime * 1_000, id);
  };
  const answerServices = (asked: Asked): Reply => {
    if (asked.path.endsWith(DEREGISTER)) {
      if (asked.method !== 'POST') throw notThere(asked);
      return answerServices({ ...asked, method: 'DELETE', path: asked.path.slice(0, -DEREGISTER.length) });
    }
    const show = ({ id, body }: Kept): Record<string, unknown> => ({ ...body, appMobilityServiceId: id });
    return answerSubscriptions(asked, services, {
      ...{ path: SERVICES, url: door.url + SERVICES, take: registered, show },
      list: () => services.all().map(show),
    });
  };
  const door = await platform.serve({ ...options, base: '/amsi/v1' }, asked => {
    if (asked.path.startsWith(SERVICES)) return answerServices(asked);
    const url = door.url + SUBSCRIPTIONS;
    return answerSubscriptions(asked, book, {
      ...{ path: SUBSCRIPTIONS, url, take: taken },
      show: ({ id, body }) => ({ ...body, _links: { self: { href: hrefOf(id) } } }),
      list(query) {
        const type = query.get('subscriptionType');
        const all = book.all().filter(({ body }) => body['subscriptionType'] === type);
        const subscription = all.map(({ id }) => ({ href: hrefOf(id), subscriptionType: type }));
        return { _links: { self: { href: url }, subscription } };
      },
    });
  });
  return {
    ...{ name: 'mec-mobility', door, book, poster: platform.poster, acks: platform.acks, services },
    async tell({ ipv4, to, phase }) {
      for (const { id, body } of book.all()) {
        const { callbackReference, filterCriteria, subscriptionType } = body as Subscription;
        const mobilityStatus = STATUS[phase];
        if (subscriptionType !== 'MobilityProcedureSubscription') continue;
        if (filterCriteria.mobilityStatus?.includes(mobilityStatus) === false) continue;
        const notification = {
          ...{
            notificationType: 'MobilityProcedureNotification',
            timeStamp: timeStampOf(clock.nowMs()),
            mobilityStatus,
          },
          associateId: [{ type: 'UE_IPv4_ADDRESS', value: ipv4 ?? '' }],
          ...(to === undefined ? {} : { targetAppInfo: { appInstanceId: to } }),
          _links: { subscription: { href: hrefOf(id) } },
        };
        await platform.post(callbackReference, 'MobilityProcedureNotification', notification);
      }
    },
    async tellExpiry() {
      for (const { id, body } of book.all()) {
        const { callbackReference, expiryDeadline } = body as Subscription;
        const notification = {
          ...{ notificationType: 'ExpiryNotification', timeStamp: timeStampOf(clock.nowMs()), expiryDeadline },
          _links: { subscription: { href: hrefOf(id) } },
        };
        await platform.post(callbackReference, 'ExpiryNotification', notification);
      }
    },
    [Symbol.asyncDispose]: () => platform[Symbol.asyncDispose](),
  };
}
