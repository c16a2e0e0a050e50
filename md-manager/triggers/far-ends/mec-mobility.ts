import type { Clock } from '../../../common/clock.js';
import { codeOf } from '../../../common/errors.js';
import { timeStampOf, unixMs } from '../../../protocol/triggers/mec-location.js';
import { mobilitySubscribed, mobilitySubscriptions } from '../../../protocol/triggers/mec-mobility.js';
import type { FarEndAnswer, FarEndClient } from '../far-end-client.js';
import { createdAt, read } from '../replies.js';
import type { Contract, Held } from '../standing.js';

export interface MobilityWish {
  readonly callbackReference: string;
  /** Our application there; absent: whatever it lets us see. */
  readonly appInstanceId?: string | undefined;
  readonly lifeMs: number;
}

const SUBSCRIPTIONS = '/subscriptions';
const KIND = 'MobilityProcedureSubscription';

/** Mobility procedures of a platform (ETSI GS MEC 021 §7.4), with a deadline; it says so before that ends. */
export function mobilityContract(
  client: Pick<FarEndClient, 'send'>,
  { callbackReference, appInstanceId, lifeMs }: MobilityWish,
  clock: Pick<Clock, 'nowMs'>,
): Contract {
  const bodyAt = (expiresAtMs: number, url?: string): unknown => ({
    ...{ subscriptionType: KIND, callbackReference, expiryDeadline: timeStampOf(expiresAtMs) },
    ...(url === undefined ? { requestTestNotification: true } : { _links: { self: { href: url } } }),
    filterCriteria: {
      ...(appInstanceId === undefined ? {} : { appInstanceId }),
      mobilityStatus: ['INTERHOST_MOVEOUT_TRIGGERED', 'INTERHOST_MOVEOUT_COMPLETED'],
    },
  });
  const held = (url: string, { body }: FarEndAnswer, expiresAtMs: number): Held => {
    const { expiryDeadline } = body === undefined ? {} : read(mobilitySubscribed, body);
    return { url, untilMs: expiryDeadline === undefined ? expiresAtMs : Math.min(unixMs(expiryDeadline), expiresAtMs) };
  };
  return {
    ...{ origin: 'mec-mobility', what: '' },
    async find(signal) {
      const { body } = await client.send({ method: 'GET', url: `${SUBSCRIPTIONS}?subscriptionType=${KIND}` }, signal);
      const found: string[] = [];
      for (const { href } of read(mobilitySubscriptions, body)._links.subscription) {
        const one = await client.send({ method: 'GET', url: href }, signal).catch((error: unknown) => {
          if (codeOf(error) === 'NOT_FOUND') return undefined;
          throw error;
        });
        if (one !== undefined && read(mobilitySubscribed, one.body).callbackReference === callbackReference)
          found.push(href);
      }
      return found;
    },
    async create(signal) {
      const expiresAtMs = clock.nowMs() + lifeMs;
      const answer = await client.send({ method: 'POST', url: SUBSCRIPTIONS, json: bodyAt(expiresAtMs) }, signal);
      return held(createdAt(answer, read(mobilitySubscribed, answer.body)._links?.self.href), answer, expiresAtMs);
    },
    async renew(url, signal) {
      const expiresAtMs = clock.nowMs() + lifeMs;
      const answer = await client.send({ method: 'PUT', url, json: bodyAt(expiresAtMs, url) }, signal);
      return held(url, answer, expiresAtMs);
    },
    async end(url, signal) {
      await client.send({ method: 'DELETE', url }, signal);
    },
  };
}
