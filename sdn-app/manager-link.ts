import type { z } from 'zod';
import type { Timers } from '../common/clock.js';
import { ManagerClient } from '../protocol/api/manager-client.js';
import {
  attachmentAnswer,
  serviceLease,
  vehicleList,
  type AttachmentAnswer,
  type AttachmentChanged,
  type ServiceLease,
  type ServiceLeaseRequest,
} from '../protocol/api/md-manager.js';
import { poolList, reservationList, type Pool, type ReservationList } from '../protocol/api/pools.js';
import { pages } from '../protocol/api/pages.js';
import { keepRehearsed } from '../protocol/api/rehearsal.js';

export type VehicleList = z.infer<typeof vehicleList>;

/** What sdn-app asks of md-manager. */
export interface ManagerLink extends AsyncDisposable {
  lease(request: ServiceLeaseRequest, timeoutMs: number): Promise<ServiceLease>;
  /** In pages. */
  vehicles(): AsyncIterable<VehicleList>;
  reservations(): Promise<ReservationList>;
  pools(): Promise<readonly Pool[]>;
  report(change: AttachmentChanged): Promise<AttachmentAnswer>;
}

/** A link over HTTP, whose way can be kept warm. */
export interface HttpManagerLink extends ManagerLink {
  keepRehearsed(timers: Timers, signal: AbortSignal): Promise<void>;
}

export function openManagerLink(urls: readonly string[]): HttpManagerLink {
  const http = new ManagerClient(urls, { connections: 8 });
  return {
    lease: (request, timeoutMs) =>
      http.call('PUT', '/v1/leases/sdn-app', { body: request, answer: serviceLease, timeoutMs }),
    vehicles: () => pages(query => http.call('GET', `/v1/vehicles${query}`, { answer: vehicleList })),
    reservations: () => http.call('GET', '/v1/reservations', { answer: reservationList }),
    pools: async () => (await http.call('GET', '/v1/pools', { answer: poolList })).pools,
    report: change =>
      http.call('POST', '/v1/attachments', { body: change, answer: attachmentAnswer, timeoutMs: 2_000 }),
    keepRehearsed: (timers, signal) => keepRehearsed(http, timers, signal),
    [Symbol.asyncDispose]: () => http[Symbol.asyncDispose](),
  };
}
