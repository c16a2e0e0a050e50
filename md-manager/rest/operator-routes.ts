import { z } from 'zod';
import { vehicleId } from '../../protocol/api/common.js';
import { handoverOrder, handoverOrdered, type HandoverOrdered } from '../../protocol/api/md-manager.js';
import { drainState, reconciliation } from '../../protocol/api/pools.js';
import { route, type Route } from '../../protocol/api/route.js';
import { fault } from '../../protocol/errors.js';
import type { Runner } from '../handover/runner.js';
import type { Drains } from '../upkeep/drains.js';
import type { Reconciler } from '../upkeep/reconciler.js';

export interface OperatorDeps {
  readonly runner: Pick<Runner, 'state' | 'order'>;
  readonly drains: Drains;
  readonly reconciler: Reconciler;
  readonly domains: readonly string[];
  readonly newId: () => string;
}

const ofVehicle = z.object({ vehicle: vehicleId });
const ofHost = z.object({ domain: z.string(), index: z.string() });

/** What an operator may order. */
export function operatorRoutes({ runner, drains, reconciler, domains, newId }: OperatorDeps): Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/vehicles/{vehicle}/handover',
      summary: 'the twin is to go into a domain, wherever its car is; idempotent by `handover`',
      params: ofVehicle,
      body: handoverOrder,
      answer: handoverOrdered,
      status: 202,
      errors: ['VEHICLE_UNKNOWN', 'REQUEST_INVALID'],
      handle: ({ params: { vehicle }, body: { domain, handover = newId() } }): HandoverOrdered => {
        if (runner.state(vehicle) === undefined) throw fault('VEHICLE_UNKNOWN', vehicle);
        if (!domains.includes(domain))
          throw fault('REQUEST_INVALID', `no domain ${domain}: there are ${domains.join(', ')}`);
        return { handover, result: runner.order(vehicle, { id: handover, kind: 'ordered', domains: [domain] }) };
      },
    }),
    route({
      method: 'POST',
      path: '/v1/hosts/{domain}/{index}/drain',
      summary:
        'a host is to be empty: its twins move away, then it is ended; holds for the next leader too; idempotent',
      params: ofHost,
      answer: drainState,
      status: 202,
      errors: ['NOT_FOUND', 'STORE_AWAY', 'STORE_FAILED'],
      handle: ({ params: { domain, index } }) => drains.order(`${domain}/${index}`),
    }),
    route({
      method: 'DELETE',
      path: '/v1/hosts/{domain}/{index}/drain',
      summary: 'a host that was to be empty is kept; idempotent',
      params: ofHost,
      answer: drainState,
      errors: ['NOT_FOUND', 'STORE_AWAY', 'STORE_FAILED'],
      handle: ({ params: { domain, index } }) => drains.cancel(`${domain}/${index}`),
    }),
    route({
      method: 'POST',
      path: '/v1/reconcile',
      summary: 'looks for instances and slots that somebody forgot, on both sides, and gives them back',
      answer: reconciliation,
      handle: () => reconciler.run(),
    }),
  ];
}
