import { nefSubscription, nefSubscriptions, type NefWish } from '../../../protocol/triggers/nef.js';
import type { FarEndClient } from '../far-end-client.js';
import { createdAt, read } from '../replies.js';
import type { Contract } from '../standing.js';

/** Traffic influence (3GPP TS 29.522 §5.4): a resource without an end, found again by its transaction. */
export function nefContract(client: Pick<FarEndClient, 'send'>, afId: string, wish: NefWish): Contract {
  const subscriptions = `/3gpp-traffic-influence/v1/${encodeURIComponent(afId)}/subscriptions`;
  const json = nefSubscription(wish);
  return {
    ...{ origin: 'nef', what: '' },
    async find(signal) {
      const { body } = await client.send({ method: 'GET', url: subscriptions }, signal);
      const ours = read(nefSubscriptions, body).filter(({ afTransId }) => afTransId === wish.afTransId);
      const urls = ours.flatMap(({ self }) => self ?? []);
      // It may be of other settings than ours.
      if (urls[0] !== undefined) await client.send({ method: 'PUT', url: urls[0], json }, signal);
      return urls;
    },
    async create(signal) {
      return {
        url: createdAt(await client.send({ method: 'POST', url: subscriptions, json }, signal)),
        untilMs: undefined,
      };
    },
    async renew(url, signal) {
      // To replace it would have the core network set its rules anew: it is only looked for.
      await client.send({ method: 'GET', url }, signal);
      return { url, untilMs: undefined };
    },
    async end(url, signal) {
      await client.send({ method: 'DELETE', url }, signal);
    },
  };
}
