import { timeStampOf } from '../../protocol/triggers/mec-location.js';
import type { Bag, Kept } from './book.js';
import { Platform, type FarEnd, type FarEndOptions, type Way } from './far-end.js';
import { answerSubscriptions } from './subscriptions.js';

const ZONAL = '/subscriptions/zonalTraffic';
const MOST_LIFE_S = 3_600;

interface Zonal {
  readonly zoneId: string;
  readonly callbackReference: { readonly notifyURL: string; readonly callbackData?: string };
  readonly userEventCriteria?: readonly string[];
  readonly duration?: number;
}

/** A location service with zones (ETSI GS MEC 013 v2.2.1): tells who enters, leaves, or changes access points in one. */
export async function openMecLocation(options: FarEndOptions = {}): Promise<FarEnd> {
  const platform = new Platform('mec-location', options);
  const { book, clock } = platform;
  const door = await platform.serve({ ...options, base: '/location/v2' }, asked => {
    const url = door.url + ZONAL;
    const shown = ({ id, body }: Kept): Bag => ({ ...body, resourceURL: `${url}/${id}` });
    return answerSubscriptions(asked, book, {
      ...{ path: ZONAL, url },
      take(body, id) {
        const { zonalTrafficSubscription: wish } = platform.checked<{ zonalTrafficSubscription: Zonal }>(
          'InlineZonalTrafficSubscription',
          body,
        );
        // Absent or 0: as long as it may be.
        const duration = Math.min(wish.duration || MOST_LIFE_S, MOST_LIFE_S);
        return book.put({ ...wish, duration }, clock.nowMs() + duration * 1_000, id);
      },
      show: kept => ({ zonalTrafficSubscription: shown(kept) }),
      list: () => ({
        notificationSubscriptionList: { resourceURL: url, zonalTrafficSubscription: book.all().map(shown) },
      }),
    });
  });
  return {
    ...{ name: 'mec-location', door, book, poster: platform.poster, acks: platform.acks },
    async tell(way) {
      for (const { body } of book.all()) {
        const { zoneId, callbackReference, userEventCriteria } = body as unknown as Zonal;
        for (const userEventType of eventsOf(way, zoneId)) {
          if (userEventCriteria?.includes(userEventType) === false) continue;
          const notification = {
            ...{ zoneId, userEventType, address: `acr:${way.ipv4 ?? way.gpsi ?? ''}` },
            ...{ currentAccessPointId: way.accessPoint ?? '', timestamp: timeStampOf(clock.nowMs()) },
          };
          const told = { zonalPresenceNotification: notification };
          await platform.post(callbackReference.notifyURL, 'InlineZonalPresenceNotification', told);
        }
      }
    },
    [Symbol.asyncDispose]: () => platform[Symbol.asyncDispose](),
  };
}

/** It sees what has happened, not what is about to. */
function eventsOf({ from, to, phase }: Way, zone: string): string[] {
  if (phase === 'early') return [];
  if (from === zone && to === zone) return ['Transferring'];
  return to === zone ? ['Entering'] : from === zone ? ['Leaving'] : [];
}
