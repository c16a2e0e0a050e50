import { notThere, Platform, subscriptionIn, type FarEnd, type FarEndOptions } from './far-end.js';

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
    const [, collection = ''] = /^(\/3gpp-traffic-influence\/v1\/[^/]+\/subscriptions)/.exec(path) ?? [];
    const at = collection === '' ? undefined : subscriptionIn(path, collection);
    if (at === undefined) throw notThere(asked);
    const self = (id: string): string => `${door.url}${collection}/${id}`;
    if (at.id === undefined) {
      if (method === 'GET') return { status: 200, body: book.all().map(one => ({ ...one.body, self: self(one.id) })) };
      if (method !== 'POST') throw notThere(asked);
      const kept = book.put(platform.checked('TrafficInfluSub', body), undefined);
      return { status: 201, location: self(kept.id), body: { ...kept.body, self: self(kept.id) } };
    }
    const kept = book.get(at.id);
    if (method === 'GET') return { status: 200, body: { ...kept.body, self: self(kept.id) } };
    if (method === 'PUT') {
      const changed = book.put(platform.checked('TrafficInfluSub', body), undefined, at.id);
      return { status: 200, body: { ...changed.body, self: self(at.id) } };
    }
    if (method !== 'DELETE') throw notThere(asked);
    book.remove(at.id);
    return { status: 204 };
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
