import type { Clock } from '../../../common/clock.js';
import {
  zonalSubscribed,
  zonalSubscriptions,
  zonalTraffic,
  type ZoneWish,
} from '../../../protocol/triggers/mec-location.js';
import type { FarEndAnswer, FarEndClient } from '../far-end-client.js';
import { createdAt, read } from '../replies.js';
import type { Contract, Held } from '../standing.js';

const SUBSCRIPTIONS = '/subscriptions/zonalTraffic';

/** Zonal traffic of one zone (ETSI GS MEC 013 §7.3): it holds for so many seconds as the platform says, and is renewed by a PUT. */
export function locationContract(
  client: Pick<FarEndClient, 'send'>,
  wish: ZoneWish,
  clock: Pick<Clock, 'nowMs'>,
): Contract {
  const held = (url: string, { body }: FarEndAnswer): Held => {
    const { duration = wish.durationS } = read(zonalSubscribed, body).zonalTrafficSubscription;
    return { url, untilMs: clock.nowMs() + Math.min(duration, wish.durationS) * 1_000 };
  };
  return {
    ...{ origin: 'mec-location', what: `zone ${wish.zoneId}` },
    async find(signal) {
      const { body } = await client.send({ method: 'GET', url: SUBSCRIPTIONS }, signal);
      const { zonalTrafficSubscription: all } = read(zonalSubscriptions, body).notificationSubscriptionList;
      const ours = all.filter(
        one =>
          one.zoneId === wish.zoneId &&
          one.clientCorrelator === wish.clientCorrelator &&
          one.callbackReference.notifyURL === wish.notifyURL,
      );
      return ours.flatMap(({ resourceURL }) => resourceURL ?? []);
    },
    async create(signal) {
      const answer = await client.send({ method: 'POST', url: SUBSCRIPTIONS, json: zonalTraffic(wish) }, signal);
      const { resourceURL } = read(zonalSubscribed, answer.body).zonalTrafficSubscription;
      return held(createdAt(answer, resourceURL), answer);
    },
    async renew(url, signal) {
      return held(url, await client.send({ method: 'PUT', url, json: zonalTraffic(wish, url) }, signal));
    },
    async end(url, signal) {
      await client.send({ method: 'DELETE', url }, signal);
    },
  };
}
