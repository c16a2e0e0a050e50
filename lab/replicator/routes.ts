import { z } from 'zod';
import { route, type Route } from '../../protocol/api/route.js';
import type { Replicator } from './replicator.js';

/** HTTP control of the replicator, `/v1`. */
const change = { cut: z.boolean().optional(), lagMs: z.number().min(0).max(600_000).optional() };
const linkChange = z.union([
  z.strictObject({ from: z.string(), to: z.string(), ...change }),
  z.strictObject({ all: z.literal(true), ...change }),
]);

export const linkList = z.object({
  links: z.array(
    z.object({
      /** A domain, or `control` for the device rows. */
      from: z.string(),
      to: z.string(),
      cut: z.boolean(),
      lagMs: z.number(),
      /** Age of the oldest row that `from` has and `to` has not. */
      behindMs: z.number(),
    }),
  ),
});
export type LinkList = z.infer<typeof linkList>;

export function replicatorRoutes(replicator: Replicator): Route[] {
  const list = (): LinkList => ({
    links: replicator.links.map(({ from, to, cut, lagMs, behindMs }) => ({ from, to, cut, lagMs, behindMs })),
  });
  return [
    route({
      method: 'GET',
      path: '/v1/links',
      summary: 'all links, with how far each target is behind',
      answer: linkList,
      handle: list,
    }),
    route({
      method: 'PUT',
      path: '/v1/links',
      summary: 'cut, heal or slow one link; with `all`, every link between domains',
      body: linkChange,
      answer: linkList,
      errors: ['NOT_FOUND', 'REQUEST_INVALID'],
      handle: ({ body }) => {
        replicator.change('all' in body ? 'all' : { from: body.from, to: body.to }, body);
        return list();
      },
    }),
  ];
}
