import type { Bag, Kept } from './book.js';
import { notThere } from './door.js';
import { Platform, type FarEnd, type FarEndOptions } from './far-end.js';
import { answerSubscriptions } from './subscriptions.js';

interface Subscription extends Record<string, unknown> {
  readonly notificationDestination: string;
  readonly afTransId?: string;
  readonly dnaiChgType?: string;
}

/** The traffic influence of a network exposure function (3GPP TS 29.522 §5.4). */
export async function openNef(options: FarEndOptions = {}): Promise<FarEnd> {
  const platform = new Platform('nef', options);
  const { book } = platform;
  const door = await platform.serve({ ...options, base: '' }, asked => {
    const { method, path, body } = asked;
    if (path.startsWith('/acks/') && method === 'POST') {
      platform.acks.push(platform.checked('AfAckInfo', body));
      return { status: 204 };
    }
    const [collection] = /^\/3gpp-traffic-influence\/v1\/[^/]+\/subscriptions/.exec(path) ?? [];
    if (collection === undefined) throw notThere(asked);
    const url = door.url + collection;
    const show = ({ id, body: kept }: Kept): Bag => ({ ...kept, self: `${url}/${id}` });
    return answerSubscriptions(asked, book, {
      ...{ path: collection, url, show },
      take: (subscription, id) => book.put(platform.checked('TrafficInfluSub', subscription), undefined, id),
      list: () => book.all().map(show),
    });
  });
  let told = 0;
  return {
    ...{ name: 'nef', door, book, poster: platform.poster, acks: platform.acks },
    async tell({ gpsi, ipv4, from, to, phase }) {
      for (const { body } of book.all()) {
        const { notificationDestination, afTransId, dnaiChgType = 'LATE' } = body as Subscription;
        if (!dnaiChgType.split('_').includes(phase.toUpperCase())) continue;
        const notification = {
          ...{ subscribedEvent: 'UP_PATH_CHANGE', dnaiChgType: phase.toUpperCase() },
          ...(afTransId === undefined ? {} : { afTransId }),
          ...(gpsi === undefined ? {} : { gpsi }),
          ...(ipv4 === undefined ? {} : { srcUeIpv4Addr: ipv4, tgtUeIpv4Addr: ipv4 }),
          ...(from === undefined ? {} : { sourceDnai: from }),
          ...(to === undefined ? {} : { targetDnai: to }),
          ...(options.asksForAcks === true ? { afAckUri: `${door.url}/acks/${++told}` } : {}),
        };
        await platform.post(notificationDestination, 'EventNotification', notification);
      }
    },
    [Symbol.asyncDispose]: () => platform[Symbol.asyncDispose](),
  };
}
