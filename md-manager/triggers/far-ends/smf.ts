import type { Clock } from '../../../common/clock.js';
import { smfSubscribed, smfSubscription, type SmfWish } from '../../../protocol/triggers/smf.js';
import type { FarEndAnswer, FarEndClient } from '../far-end-client.js';
import { createdAt, read } from '../replies.js';
import type { Contract, Held } from '../standing.js';

const SUBSCRIPTIONS = '/nsmf-event-exposure/v1/subscriptions';

/** Nsmf_EventExposure (3GPP TS 29.508 §5.3). It lists nothing: what an earlier manager left behind ends by its expiry. */
export function smfContract(
  client: Pick<FarEndClient, 'send'>,
  wish: Omit<SmfWish, 'expiresAtMs'>,
  lifeMs: number,
  clock: Pick<Clock, 'nowMs'>,
): Contract {
  const body = (): { expiresAtMs: number; json: unknown } => {
    const expiresAtMs = clock.nowMs() + lifeMs;
    return { expiresAtMs, json: smfSubscription({ ...wish, expiresAtMs }) };
  };
  const held = (url: string, answer: FarEndAnswer, expiresAtMs: number): Held => {
    // 204: as it was asked for.
    const { expiry } = answer.body === undefined ? {} : read(smfSubscribed, answer.body);
    const told = Date.parse(expiry ?? '');
    return { url, untilMs: Number.isNaN(told) ? expiresAtMs : Math.min(told, expiresAtMs) };
  };
  return {
    ...{ origin: 'smf', what: '' },
    find: () => Promise.resolve([]),
    async create(signal) {
      const { expiresAtMs, json } = body();
      const answer = await client.send({ method: 'POST', url: SUBSCRIPTIONS, json }, signal);
      return held(createdAt(answer), answer, expiresAtMs);
    },
    async renew(url, signal) {
      const { expiresAtMs, json } = body();
      return held(url, await client.send({ method: 'PUT', url, json }, signal), expiresAtMs);
    },
    async end(url, signal) {
      await client.send({ method: 'DELETE', url }, signal);
    },
  };
}
