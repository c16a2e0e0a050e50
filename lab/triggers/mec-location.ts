import { timeStampOf } from '../../protocol/triggers/mec-location.js';
import { notThere, Platform, subscriptionIn, type FarEnd, type FarEndOptions, type Way } from './far-end.js';

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
  const taken = (body: unknown, id?: string) => {
    const { zonalTrafficSubscription: asked } = platform.checked<{ zonalTrafficSubscription: Zonal }>(
      'InlineZonalTrafficSubscription',
      body,
    );
    // Absent or 0: as long as it may be.
    const duration = Math.min(
      asked.duration === undefined || asked.duration === 0 ? MOST_LIFE_S : asked.duration,
      MOST_LIFE_S,
    );
    return book.put({ ...asked, duration }, clock.nowMs() + duration * 1_000, id);
  };
  const shown = ({ id, body }: { id: string; body: Record<string, unknown> }) => ({
    ...body,
    resourceURL: `${door.url}${ZONAL}/${id}`,
  });
  const door = await platform.serve({ ...options, base: '/location/v2' }, asked => {
    const { method, path, body } = asked;
    const at = subscriptionIn(path, ZONAL);
    if (at === undefined) throw notThere(asked);
    if (at.id === undefined) {
      if (method === 'GET') {
        const list = { resourceURL: `${door.url}${ZONAL}`, zonalTrafficSubscription: book.all().map(shown) };
        return { status: 200, body: { notificationSubscriptionList: list } };
      }
      if (method !== 'POST') throw notThere(asked);
      const kept = taken(body);
      const resource = shown(kept);
      return { status: 201, location: resource.resourceURL, body: { zonalTrafficSubscription: resource } };
    }
    const kept = book.get(at.id);
    if (method === 'GET') return { status: 200, body: { zonalTrafficSubscription: shown(kept) } };
    if (method === 'PUT') return { status: 200, body: { zonalTrafficSubscription: shown(taken(body, at.id)) } };
    if (method !== 'DELETE') throw notThere(asked);
    book.remove(at.id);
    return { status: 204 };
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
