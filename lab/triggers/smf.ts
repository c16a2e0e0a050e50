import type { Bag, Kept } from './book.js';
import { Platform, type FarEnd, type FarEndOptions, type Way } from './far-end.js';
import { answerSubscriptions } from './subscriptions.js';

const SUBSCRIPTIONS = '/nsmf-event-exposure/v1/subscriptions';
const MOST_LIFE_MS = 86_400_000;

interface Subscription extends Record<string, unknown> {
  readonly notifId: string;
  readonly notifUri: string;
  readonly eventSubs: readonly { readonly event: string; readonly dnaiChgType?: string }[];
  readonly expiry?: string;
}

/** A session management function that exposes its events (3GPP TS 29.508): no real one was found that tells of changed paths. */
export async function openSmf(options: FarEndOptions = {}): Promise<FarEnd> {
  const platform = new Platform('smf', options);
  const { book, clock } = platform;
  const taken = (body: unknown, id?: string) => {
    const asked = platform.checked<Subscription>('NsmfEventExposure', body);
    const latestMs = clock.nowMs() + MOST_LIFE_MS;
    const untilMs = Math.min(asked.expiry === undefined ? latestMs : Date.parse(asked.expiry), latestMs);
    return book.put({ ...asked, expiry: new Date(untilMs).toISOString() }, untilMs, id);
  };
  const door = await platform.serve({ ...options, base: '' }, asked => {
    const { method, path, body } = asked;
    if (path.startsWith('/acks/') && method === 'POST') {
      platform.acks.push(platform.checked('AckOfNotify', body));
      return { status: 204 };
    }
    const url = door.url + SUBSCRIPTIONS;
    const show = ({ id, body: kept }: Kept): Bag => ({ ...kept, subId: id });
    return answerSubscriptions(asked, book, { path: SUBSCRIPTIONS, url, take: taken, show });
  });
  let told = 0;
  return {
    ...{ name: 'smf', door, book, poster: platform.poster, acks: platform.acks },
    async tell(way) {
      for (const { body } of book.all()) {
        const { notifId, notifUri, eventSubs } = body as Subscription;
        if (!wanted(eventSubs, way)) continue;
        const notification = {
          notifId,
          ...(options.asksForAcks === true ? { ackUri: `${door.url}/acks/${++told}` } : {}),
          eventNotifs: [eventOf(way, clock.nowMs())],
        };
        await platform.post(notifUri, 'NsmfEventExposureNotification', notification);
      }
    },
    [Symbol.asyncDispose]: () => platform[Symbol.asyncDispose](),
  };
}

const wanted = (subs: Subscription['eventSubs'], { phase }: Way): boolean =>
  subs.some(
    ({ event, dnaiChgType = 'LATE' }) => event === 'UP_PATH_CH' && dnaiChgType.split('_').includes(phase.toUpperCase()),
  );

/** Every field but these two may be absent (TS 29.508 §5.6.2.3). */
function eventOf({ gpsi, supi, ipv4, from, to, phase }: Way, nowMs: number): Record<string, unknown> {
  return {
    ...{ event: 'UP_PATH_CH', timeStamp: new Date(nowMs).toISOString(), dnaiChgType: phase.toUpperCase() },
    ...(gpsi === undefined ? {} : { gpsi }),
    ...(supi === undefined ? {} : { supi }),
    ...(ipv4 === undefined ? {} : { sourceUeIpv4Addr: ipv4, targetUeIpv4Addr: ipv4 }),
    ...(from === undefined ? {} : { sourceDnai: from }),
    ...(to === undefined ? {} : { targetDnai: to }),
  };
}
