import { z } from 'zod';
import { leader, orderList, type Leader } from '../../protocol/api/md-manager.js';
import { route, type Route } from '../../protocol/api/route.js';
import { fault } from '../../protocol/errors.js';
import type { Orders } from './orders.js';

const DAY_MS = 86_400_000;
const MAX_LIMIT = 10_000;
const ordersQuery = z.strictObject({
  /** UTC; else today. */
  day: z.iso.date().optional(),
  limit: z.coerce.number().int().min(1).max(MAX_LIMIT).default(100),
});

/** Any manager says who leads; MANAGER_NOT_LEADER where it knows of none. */
export const leaderRoute = (leads: () => Leader | undefined): Route =>
  route({
    method: 'GET',
    path: '/v1/leader',
    summary: 'which md-manager leads, and its term',
    answer: leader,
    errors: ['MANAGER_NOT_LEADER'],
    handle: () => {
      const found = leads();
      if (found === undefined) throw fault('MANAGER_NOT_LEADER', 'none is known');
      return found;
    },
  });

export const ordersRoute = (orders: Orders, nowMs: () => number): Route =>
  route({
    method: 'GET',
    path: '/v1/orders',
    summary: 'the audit log: what was ordered of md-manager on a day (UTC), by whom, and what came of it; newest first',
    query: ordersQuery,
    answer: orderList,
    handle: async ({ query: { day, limit } }) => ({
      orders: await orders.list(Math.floor((day === undefined ? nowMs() : Date.parse(day)) / DAY_MS), limit),
    }),
  });
