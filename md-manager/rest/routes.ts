import { z } from 'zod';
import { vehicleId } from '../../protocol/api/common.js';
import { pageOf, pageQuery } from '../../protocol/api/pages.js';
import { route, type Route } from '../../protocol/api/route.js';
import {
  attachmentAnswer,
  attachmentChanged,
  handoverCounts,
  handoverList,
  handoverRecord,
  hostHello,
  registration,
  registrationRequest,
  serviceLease,
  serviceLeaseRequest,
  vehicleList,
  vehicleRecord,
  type VehicleRecord,
} from '../../protocol/api/md-manager.js';
import { poolList, reservationList } from '../../protocol/api/pools.js';
import { SseStream } from '../../protocol/api/sse.js';
import { fault } from '../../protocol/errors.js';
import type { Standby } from '../arming/standby.js';
import type { Ledger } from '../handover/ledger.js';
import type { Runner } from '../handover/runner.js';
import type { VehicleState } from '../handover/state.js';
import type { ServiceLeases } from '../leases/service-leases.js';
import type { Pool } from '../pool/pool.js';
import type { Registrations } from '../registration/registration.js';
import type { SettingsDesk } from '../settings/desk.js';
import { scrapeTargetsRoute } from './scrape-targets.js';

export interface RouteDeps {
  readonly term: number;
  readonly registrations: Registrations;
  readonly runner: Runner;
  readonly ledger: Ledger;
  readonly pool: Pool;
  readonly standby: Standby;
  readonly sdnLease: ServiceLeases;
  readonly settings: Pick<SettingsDesk, 'state'>;
}

const MAX_LIMIT = 10_000;
const MAX_READERS = 256;

const ofVehicle = z.object({ vehicle: vehicleId });
const listQuery = z.strictObject({
  vehicle: vehicleId.optional(),
  limit: z.coerce.number().int().min(1).max(MAX_LIMIT).default(100),
});

/** The API of protocol/api/md-manager.ts. */
export function managerRoutes(deps: RouteDeps): Route[] {
  const { term, registrations, runner, ledger, pool, standby, sdnLease } = deps;
  const recordOf = (state: VehicleState): VehicleRecord => {
    const settings = deps.settings.state(state.vehicle);
    return {
      ...vehicleRecordOf(state, registrations.twinOf(state.number)),
      ...(settings === undefined ? {} : { settings }),
    };
  };
  let readers = 0;
  return [
    route({
      method: 'POST',
      path: '/v1/registrations',
      summary: 'register a vehicle; idempotent by key',
      body: registrationRequest,
      answer: registration,
      errors: ['KEY_MISMATCH', 'POOL_EMPTY', 'AUTHORITY_AWAY', 'NUMBERS_EXHAUSTED'],
      handle: ({ body }) => registrations.register(body),
    }),
    route({
      method: 'POST',
      path: '/v1/attachments',
      summary: 'a device entered the network somewhere else; idempotent by hand-over',
      body: attachmentChanged,
      answer: attachmentAnswer,
      status: 202,
      errors: ['VEHICLE_UNKNOWN', 'TERM_STALE'],
      handle: ({ body }) => {
        sdnLease.check(body.term);
        if (runner.state(body.vehicle) === undefined) throw fault('VEHICLE_UNKNOWN', body.vehicle);
        return { result: runner.attachmentChanged(body) };
      },
    }),
    route({
      method: 'GET',
      path: '/v1/handovers',
      summary: 'hand-overs, newest first',
      query: listQuery,
      answer: handoverList,
      handle: async ({ query: { vehicle, limit } }) => ({
        handovers: await ledger.list({ limit, ...(vehicle === undefined ? {} : { vehicle }) }),
      }),
    }),
    route({
      method: 'GET',
      path: '/v1/handovers/counts',
      summary: 'hand-overs over the life of the store',
      answer: handoverCounts,
      handle: () => ledger.counts(),
    }),
    route({
      method: 'GET',
      path: '/v1/handovers/{id}',
      summary: 'one hand-over',
      params: z.object({ id: z.string() }),
      answer: handoverRecord,
      errors: ['NOT_FOUND'],
      handle: async ({ params: { id } }) => {
        const record = await ledger.get(id);
        if (record === undefined) throw fault('NOT_FOUND', `hand-over ${id}`);
        return record;
      },
    }),
    route({
      method: 'GET',
      path: '/v1/vehicles',
      summary: 'who is the twin of whom; ?after=NUMBER&limit=N: a page in the order of numbers',
      query: pageQuery,
      answer: vehicleList,
      errors: ['REQUEST_INVALID'],
      handle: ({ query }) => {
        const { rows, next } = pageOf(runner.states(), query);
        return { term, vehicles: rows.map(recordOf), next };
      },
    }),
    route({
      method: 'GET',
      path: '/v1/vehicles/{vehicle}',
      summary: 'who is the twin',
      params: ofVehicle,
      answer: vehicleRecord,
      errors: ['VEHICLE_UNKNOWN'],
      handle: ({ params: { vehicle } }) => {
        const state = runner.state(vehicle);
        if (state === undefined) throw fault('VEHICLE_UNKNOWN', vehicle);
        return recordOf(state);
      },
    }),
    route({
      method: 'POST',
      path: '/v1/hosts',
      summary: 'a vMD host says that it is ready',
      body: hostHello,
      errors: ['NOT_FOUND'],
      handle: ({ body }) => pool.hello(body),
    }),
    route({
      method: 'GET',
      path: '/v1/pools',
      summary: 'hosts and slots of each domain',
      answer: poolList,
      handle: () => ({ pools: pool.view() }),
    }),
    scrapeTargetsRoute(() => pool.view().flatMap(({ hosts }) => hosts.map(({ host }) => host))),
    route({
      method: 'GET',
      path: '/v1/reservations',
      summary: 'slots kept for hand-overs that may come: of vehicles, and tickets',
      answer: reservationList,
      handle: () => standby.view(),
    }),
    route({
      method: 'PUT',
      path: '/v1/leases/sdn-app',
      summary: 'an sdn-app asks to be, or to remain, the active one; the answer says who is',
      body: serviceLeaseRequest,
      answer: serviceLease,
      errors: ['STORE_FAILED'],
      handle: async ({ body }) => ({ ...(await sdnLease.request(body)), managerTerm: term }),
    }),
    route({
      method: 'GET',
      path: '/v1/events',
      summary: 'hand-overs as they happen: `event: handover` at each phase and at the end',
      raw: true,
      errors: ['READERS_FULL'],
      handle: ({ reply }) => {
        if (readers >= MAX_READERS) throw fault('READERS_FULL', `${MAX_READERS}`);
        readers++;
        const stream = new SseStream(reply);
        const end = ledger.listen(record => stream.send('handover', record));
        stream.onClose(() => {
          readers--;
          end();
        });
      },
    }),
  ];
}

/** Who is the twin: the switch is to send to `host` from the moment that a redirect may have been sent. */
export function vehicleRecordOf(state: VehicleState, twins: Pick<VehicleRecord, 'twin' | 'twin6'>): VehicleRecord {
  const { vehicle, number, attachment, highestEpoch, run } = state;
  const { host, epoch, actingEpoch } = state.twin;
  const stage = run?.stage;
  const sent = stage?.at === 'redirecting' || stage?.at === 'readying' || stage?.at === 'claiming';
  const heading = sent ? stage : undefined;
  return {
    vehicle,
    number,
    ...twins,
    host: heading?.target ?? host,
    hostEpoch: heading?.epoch ?? epoch,
    acting: { host: host.host, domain: host.domain, epoch: actingEpoch },
    highestEpoch,
    ...(attachment === undefined ? {} : { attachment }),
    ...(run === undefined ? {} : { handover: run.record.id }),
  };
}
