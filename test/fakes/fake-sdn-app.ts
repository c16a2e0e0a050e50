import { z } from 'zod';
import { silentLog } from '../../common/log.js';
import { Metrics } from '../../common/metrics.js';
import type { Attachment } from '../../protocol/api/common.js';
import { openHttp, type HttpServer } from '../../protocol/api/http-server.js';
import { route } from '../../protocol/api/route.js';
import { installRequest, redirectRequest, retireRequest, type VehicleFlows } from '../../protocol/api/sdn-app.js';
import { fault } from '../../protocol/errors.js';
import { METRICS } from '../../protocol/metrics.js';
import type { Gate } from './gate.js';

/** An sdn-app by the contract of protocol/api/sdn-app.ts, with a table instead of a switch. */
export class FakeSdnApp implements AsyncDisposable {
  readonly flows = new Map<string, VehicleFlows>();
  readonly url: string;
  readonly #server: HttpServer;

  private constructor(server: HttpServer, flows: Map<string, VehicleFlows>) {
    this.#server = server;
    this.url = server.url;
    this.flows = flows;
  }

  static async open(gate: Gate): Promise<FakeSdnApp> {
    const flows = new Map<string, VehicleFlows>();
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
          method: 'GET',
          path: '/v1/vehicles',
          summary: 'vehicles',
          answer: z.unknown(),
          handle: () => ({ vehicles: [...flows.values()] }),
        }),
      ],
    });
    return new FakeSdnApp(server, flows);
  }

  attach(vehicle: string, attachment: Attachment): void {
    this.flows.set(vehicle, { ...this.flows.get(vehicle)!, attachment });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}
