import { z } from 'zod';
import { every, type Timers } from '../../common/clock.js';
import { sharedReader } from '../../common/read-checksum-offload.js';
import { vehicleId } from '../../protocol/api/common.js';
import { route, type Route } from '../../protocol/api/route.js';
import { SseStream } from '../../protocol/api/sse.js';
import {
  activateRequest,
  drainAnswer,
  drainRequest,
  hostHealth,
  hostNetwork,
  leaseAnswer,
  leaseRequest,
  prepareRequest,
  releaseRequest,
  settingsAnswer,
  settingsRequest,
  slotAnswer,
  type HostHealth,
} from '../../protocol/api/vmd.js';
import type { Control } from './control.js';
import type { HostEvents } from './host-events.js';
import type { Motions } from './motions.js';

const params = z.object({ vehicle: vehicleId });
const eventsQuery = z.strictObject({ motionMs: z.coerce.number().int().min(100).max(60_000).optional() });
const healthQuery = z.strictObject({ slots: z.enum(['all', 'none']).default('all') });
const readNetwork = sharedReader();
const STALE = ['EPOCH_STALE', 'TERM_STALE'] as const;

/** The control API of a vMD host. */
export function controlRoutes(
  control: Control,
  events: HostEvents,
  health: (what: { readonly slots: boolean }) => HostHealth,
  motions: { readonly timers: Timers; readonly open: () => Motions },
): Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/slots/{vehicle}/prepare',
      command: 'prepare',
      summary: 'take a slot for a vehicle: store its reports, answer provisionally',
      params,
      body: prepareRequest,
      answer: slotAnswer,
      errors: [...STALE, 'POOL_EMPTY'],
      handle: ({ params: { vehicle }, body }) => control.prepare(vehicle, body),
    }),
    route({
      method: 'POST',
      path: '/v1/slots/{vehicle}/activate',
      command: 'activate',
      summary: 'the claim is applied: act as the twin while the lease holds',
      params,
      body: activateRequest,
      answer: slotAnswer,
      errors: [...STALE, 'NOT_FOUND'],
      handle: ({ params: { vehicle }, body }) => control.activate(vehicle, body),
    }),
    route({
      method: 'POST',
      path: '/v1/slots/{vehicle}/drain',
      command: 'drain',
      summary: 'stand down at once and hand over the digest; go on storing',
      params,
      body: drainRequest,
      answer: drainAnswer,
      errors: [...STALE, 'NOT_FOUND'],
      handle: ({ params: { vehicle }, body }) => control.drain(vehicle, body),
    }),
    route({
      method: 'POST',
      path: '/v1/slots/{vehicle}/release',
      command: 'release',
      summary: 'the slot is free again',
      params,
      body: releaseRequest,
      errors: STALE,
      handle: ({ params: { vehicle }, body }) => control.release(vehicle, body),
    }),
    route({
      method: 'PUT',
      path: '/v1/slots/{vehicle}/settings',
      command: 'settings',
      summary: 'what the vehicle is to be set to: its car is told with acknowledgements',
      params,
      body: settingsRequest,
      answer: settingsAnswer,
      errors: ['TERM_STALE', 'NOT_FOUND'],
      handle: ({ params: { vehicle }, body }) => control.desire(vehicle, body),
    }),
    route({
      method: 'POST',
      path: '/v1/leases',
      summary: 'renew what may go on acting',
      body: leaseRequest,
      answer: leaseAnswer,
      errors: ['TERM_STALE'],
      handle: ({ body }) => control.renew(body),
    }),
    route({
      method: 'GET',
      path: '/v1/health',
      summary: 'the process and its slots; `slots=none` leaves these out, for probes',
      query: healthQuery,
      answer: hostHealth,
      handle: ({ query }) => health({ slots: query.slots === 'all' }),
    }),
    route({
      method: 'GET',
      path: '/v1/network',
      summary: 'checksum offload of the interfaces here, and datagrams that were dropped for their checksum',
      answer: hostNetwork,
      handle: readNetwork,
    }),
    route({
      method: 'GET',
      path: '/v1/events',
      summary: 'first-report, drained and settings, as server-sent events; `motionMs`: and so often where vehicles are',
      query: eventsQuery,
      raw: true,
      handle: ({ query: { motionMs }, reply }) => {
        const stream = new SseStream(reply);
        const ends = [events.listen(({ type, ...rest }) => stream.send(type, rest))];
        if (motionMs !== undefined) {
          const motion = motions.open();
          const tell = (): void => motion.next().forEach(vehicles => stream.send('motion', { vehicles }));
          ends.push(every(motions.timers, motionMs, tell));
        }
        stream.onClose(() => ends.forEach(end => end()));
      },
    }),
  ];
}
