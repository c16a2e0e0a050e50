import { z } from 'zod';
import { silentLog } from '../../common/log.js';
import { Metrics } from '../../common/metrics.js';
import type { Attachment } from '../../protocol/api/common.js';
import { openHttp, type HttpServer } from '../../protocol/api/http-server.js';
import { route } from '../../protocol/api/route.js';
import type { AttachmentChanged } from '../../protocol/api/md-manager.js';
import {
  armingRequest,
  attachmentHint,
  installRequest,
  redirectRequest,
  retireRequest,
  ticketsRequest,
  type ArmingRequest,
  type AttachmentHint,
  type StandbySlot,
  type VehicleFlows,
} from '../../protocol/api/sdn-app.js';
import { fault } from '../../protocol/errors.js';
import { METRICS } from '../../protocol/metrics.js';
import type { Gate } from './gate.js';

/** An sdn-app by the contract of protocol/api/sdn-app.ts, with a table instead of a switch. */
export class FakeSdnApp implements AsyncDisposable {
  readonly flows = new Map<string, VehicleFlows>();
  /** Vehicle → what it may use by itself. */
  readonly arming: Map<string, ArmingRequest>;
  readonly tickets: StandbySlot[];
  readonly url: string;
  /** Somebody other than the switch saw a vehicle. */
  onHint: (vehicle: string, hint: AttachmentHint) => void = () => undefined;
  readonly #server: HttpServer;

  private constructor(
    server: HttpServer,
    table: { flows: Map<string, VehicleFlows>; arming: Map<string, ArmingRequest>; tickets: StandbySlot[] },
  ) {
    this.#server = server;
    this.url = server.url;
    this.flows = table.flows;
    this.arming = table.arming;
    this.tickets = table.tickets;
  }

  static async open(gate: Gate): Promise<FakeSdnApp> {
    const flows = new Map<string, VehicleFlows>();
    const arming = new Map<string, ArmingRequest>();
    const tickets: StandbySlot[] = [];
    const params = z.object({ vehicle: z.string() });
    const known = (vehicle: string, epoch: number): VehicleFlows => {
      const found = flows.get(vehicle);
      if (found === undefined) throw fault('VEHICLE_UNKNOWN', vehicle);
      if (epoch < found.highestEpoch) throw fault('EPOCH_STALE', vehicle);
      return found;
    };
    const server = await openHttp({
      part: 'sdn-app',
      listen: { address: '127.0.0.1', port: 0 },
      log: silentLog,
      metrics: new Metrics(METRICS),
      routes: [
        route({
          method: 'PUT',
          path: '/v1/vehicles/{vehicle}',
          command: 'install',
          summary: 'install',
          params,
          body: installRequest,
          answer: z.unknown(),
          handle: ({ params: { vehicle }, body: { header, number, host } }) => {
            const row = {
              vehicle,
              number,
              host,
              highestEpoch: header.epoch,
              waysOut: [host.host],
              state: 'waiting',
              armed: [] as string[],
            } as const;
            flows.set(vehicle, { ...row, waysOut: [host.host] });
            return flows.get(vehicle);
          },
        }),
        route({
          method: 'PUT',
          path: '/v1/vehicles/{vehicle}/redirect',
          command: 'redirect',
          summary: 'redirect',
          params,
          body: redirectRequest,
          answer: z.unknown(),
          handle: async ({ params: { vehicle }, body: { header, host } }) => {
            const row = known(vehicle, header.epoch);
            const waysOut = [...new Set([...row.waysOut, host.host])];
            flows.set(vehicle, { ...row, host, highestEpoch: header.epoch, waysOut });
            await gate.pass('redirect');
            return flows.get(vehicle);
          },
        }),
        route({
          method: 'POST',
          path: '/v1/vehicles/{vehicle}/retire',
          command: 'retire',
          summary: 'retire',
          params,
          body: retireRequest,
          handle: async ({ params: { vehicle }, body: { header, host } }) => {
            const row = known(vehicle, header.epoch);
            flows.set(vehicle, { ...row, waysOut: row.waysOut.filter(name => name !== host.host) });
            await gate.pass('retire');
          },
        }),
        route({
          method: 'PUT',
          path: '/v1/vehicles/{vehicle}/arming',
          summary: 'arming',
          params,
          body: armingRequest,
          answer: z.unknown(),
          handle: async ({ params: { vehicle }, body }) => {
            const row = known(vehicle, Infinity);
            arming.set(vehicle, body);
            flows.set(vehicle, { ...row, armed: body.slots.map(({ domain }) => domain) });
            await gate.pass('arm');
            return flows.get(vehicle);
          },
        }),
        route({
          method: 'PUT',
          path: '/v1/tickets',
          summary: 'tickets',
          body: ticketsRequest,
          handle: ({ body }) => {
            tickets.splice(0, tickets.length, ...body.tickets);
          },
        }),
        route({
          method: 'PUT',
          path: '/v1/attachments/{vehicle}',
          command: 'hint',
          summary: 'hint',
          params,
          body: attachmentHint,
          handle: ({ params: { vehicle }, body }) => {
            known(vehicle, Infinity);
            app.onHint(vehicle, body);
          },
        }),
        route({
          method: 'GET',
          path: '/v1/vehicles',
          summary: 'vehicles',
          answer: z.unknown(),
          handle: () => ({ vehicles: [...flows.values()] }),
        }),
      ],
    });
    const app = new FakeSdnApp(server, { flows, arming, tickets });
    return app;
  }

  /** Redirects the flow of a vehicle by itself, by its armed slot or by a ticket of the domain. */
  redirect(vehicle: string, domain: string, way: 'armed' | 'ticket'): NonNullable<AttachmentChanged['redirected']> {
    const slots = way === 'armed' ? this.arming.get(vehicle)!.slots : this.tickets;
    const { lease, host } = slots.find(slot => slot.domain === domain)!;
    const row = this.flows.get(vehicle)!;
    const epoch = row.highestEpoch + 1;
    const waysOut = [...new Set([...row.waysOut, host.host])];
    this.flows.set(vehicle, { ...row, host, highestEpoch: epoch, waysOut, armed: [] });
    this.arming.delete(vehicle);
    this.tickets.splice(0, this.tickets.length, ...this.tickets.filter(ticket => ticket.lease !== lease));
    return { way, lease, host, epoch, atMs: 3 };
  }

  attach(vehicle: string, attachment: Attachment): void {
    this.flows.set(vehicle, { ...this.flows.get(vehicle)!, attachment });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}
