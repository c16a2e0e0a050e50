import { z } from 'zod';
import { route, type Route } from '../../../protocol/api/route.js';
import { mobilitySubscription } from '../../../protocol/triggers/mec-mobility.js';
import type { Adjacency } from './adjacency.js';
import type { Subscriber, Subscribers } from './subscribers.js';

/** Where the application mobility service of this manager is, below its own URL (ETSI GS MEC 021 §7). */
export const AMS_PATH = '/amsi/v1';

const one = z.object({ subscriptionId: z.string() });
const link = z.object({ href: z.string() });
const subscription = z.looseObject({ subscriptionType: z.string(), _links: z.object({ self: link }) });
const links = z.object({
  _links: z.object({
    self: link,
    subscription: z.array(z.object({ href: z.string(), subscriptionType: z.string() })),
  }),
});
const adjacentInstance = z.object({
  appDId: z.string(),
  appInstanceId: z.string(),
  appInstanceCommLink: z.array(z.object({ ipAddresses: z.array(z.object({ host: z.string(), port: z.int() })) })),
});
const APP_DESCRIPTOR = 'edgetwin-vmd';

const shown = ({ wish, href }: Subscriber): z.infer<typeof subscription> => ({ ...wish, _links: { self: { href } } });

/** Our hand-overs for others, by the contract of MEC 021: subscriptions, and the instances around one. */
export function mobilityRoutes(subscribers: Subscribers, adjacency: Adjacency, base: string): Route[] {
  const path = `${AMS_PATH}/subscriptions`;
  return [
    route({
      method: 'POST',
      path,
      summary: 'MEC 021: be told of hand-overs, or of the instances around one; ends at its deadline',
      body: mobilitySubscription,
      answer: subscription,
      status: 201,
      errors: ['REQUEST_INVALID', 'READERS_FULL', 'STORE_AWAY', 'STORE_FAILED'],
      handle: async ({ body, reply }) => {
        const subscriber = await subscribers.add(body);
        void reply.header('location', subscriber.href);
        if (body.subscriptionType === 'AdjacentAppInfoSubscription') adjacency.look();
        return shown(subscriber);
      },
    }),
    route({
      method: 'GET',
      path,
      summary: 'MEC 021: all subscriptions, as links',
      query: z.looseObject({ subscriptionType: z.string().optional() }),
      answer: links,
      handle: ({ query: { subscriptionType } }) => ({
        _links: {
          self: { href: `${base}${path}` },
          subscription: subscribers
            .all()
            .filter(({ wish }) => subscriptionType === undefined || wish.subscriptionType === subscriptionType)
            .map(({ href, wish }) => ({ href, subscriptionType: wish.subscriptionType })),
        },
      }),
    }),
    route({
      method: 'GET',
      path: `${path}/{subscriptionId}`,
      summary: 'MEC 021: one subscription',
      params: one,
      answer: subscription,
      errors: ['NOT_FOUND'],
      handle: ({ params }) => shown(subscribers.get(params.subscriptionId)),
    }),
    route({
      method: 'PUT',
      path: `${path}/{subscriptionId}`,
      summary: 'MEC 021: change or renew a subscription',
      params: one,
      body: mobilitySubscription,
      answer: subscription,
      errors: ['REQUEST_INVALID', 'NOT_FOUND', 'STORE_AWAY', 'STORE_FAILED'],
      handle: async ({ params, body }) => shown(await subscribers.replace(params.subscriptionId, body)),
    }),
    route({
      method: 'DELETE',
      path: `${path}/{subscriptionId}`,
      summary: 'MEC 021: end a subscription',
      params: one,
      errors: ['NOT_FOUND', 'STORE_AWAY', 'STORE_FAILED'],
      handle: ({ params }) => subscribers.remove(params.subscriptionId),
    }),
    route({
      method: 'GET',
      path: `${AMS_PATH}/queries/adjacent_app_instances`,
      summary: 'MEC 021: hosts that vehicles may be handed over to, of any or (?appInstanceId=) from one',
      query: z.looseObject({ appInstanceId: z.string().optional() }),
      answer: z.array(adjacentInstance),
      handle: ({ query: { appInstanceId } }) =>
        adjacency.of(appInstanceId).map(found => ({
          ...{ appDId: APP_DESCRIPTOR, appInstanceId: found.appInstanceId },
          appInstanceCommLink: [{ ipAddresses: found.commInterface.ipAddresses.map(one => ({ ...one })) }],
        })),
    }),
  ];
}
