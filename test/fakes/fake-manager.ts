import { z } from 'zod';
import { silentLog } from '../../common/log.js';
import { Metrics } from '../../common/metrics.js';
import { NO_HANDOVERS } from '../../md-manager/handover/ledger.js';
import {
  handoverCounts,
  handoverList,
  vehicleList,
  vehicleRecord,
  type HandoverCounts,
  type HandoverRecord,
  type VehicleRecord,
} from '../../protocol/api/md-manager.js';
import { openHttp } from '../../protocol/api/http-server.js';
import { route } from '../../protocol/api/route.js';
import { SseStream } from '../../protocol/api/sse.js';
import { fault } from '../../protocol/errors.js';
import { METRICS } from '../../protocol/metrics.js';

/** An md-manager as its readers see it: what it says is set by the test. */
export class FakeManager implements AsyncDisposable {
  vehicles: VehicleRecord[] = [];
  handovers: HandoverRecord[] = [];
  counts: HandoverCounts = NO_HANDOVERS;
  readonly #readers = new Set<SseStream>();
  #server: (AsyncDisposable & { readonly url: string }) | undefined;

  static async open(port = 0): Promise<FakeManager> {
    const manager = new FakeManager();
    manager.#server = await openHttp({
      part: 'md-manager',
      listen: { address: '127.0.0.1', port },
      log: silentLog,
      metrics: new Metrics(METRICS),
      routes: [
        route({
          method: 'GET',
          path: '/v1/vehicles',
          summary: '',
          answer: vehicleList,
          handle: () => ({ term: 1, vehicles: manager.vehicles }),
        }),
        route({
          method: 'GET',
          path: '/v1/vehicles/{vehicle}',
          summary: '',
          params: z.object({ vehicle: z.string() }),
          answer: vehicleRecord,
          handle: ({ params }) => {
            const found = manager.vehicles.find(({ vehicle }) => vehicle === params.vehicle);
            if (found === undefined) throw fault('VEHICLE_UNKNOWN', params.vehicle);
            return found;
          },
        }),
        route({
          method: 'GET',
          path: '/v1/handovers/counts',
          summary: '',
          answer: handoverCounts,
          handle: () => manager.counts,
        }),
        route({
          method: 'GET',
          path: '/v1/handovers',
          summary: '',
          answer: handoverList,
          handle: () => ({ handovers: manager.handovers }),
        }),
        route({
          method: 'GET',
          path: '/v1/events',
          summary: '',
          raw: true,
          handle: ({ reply }) => {
            const stream = new SseStream(reply);
            manager.#readers.add(stream);
            stream.onClose(() => manager.#readers.delete(stream));
          },
        }),
      ],
    });
    return manager;
  }

  get url(): string {
    return this.#server?.url ?? '';
  }

  /** Keeps the record, and tells those who follow. */
  tell(record: HandoverRecord): void {
    this.handovers = [record, ...this.handovers.filter(({ id }) => id !== record.id)];
    for (const reader of this.#readers) reader.send('handover', record);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
  }
}

export function vehicleOf(vehicle: string, over: Partial<VehicleRecord> = {}): VehicleRecord {
  const host = {
    host: 'edge-1/1',
    domain: 'edge-1',
    address: '127.96.0.1',
    port: 5683,
    control: 'http://127.96.0.1:5684',
  };
  return {
    vehicle,
    number: 1,
    twin: { address: '127.64.0.1', port: 5683 },
    host,
    hostEpoch: 1,
    acting: { host: 'edge-1/1', domain: 'edge-1', epoch: 1 },
    highestEpoch: 1,
    ...over,
  };
}

export function handoverOf(over: Partial<HandoverRecord> & { readonly startedAtMs: number }): HandoverRecord {
  const { startedAtMs } = over;
  return {
    id: 'h-1',
    vehicle: 'car-1',
    kind: 'move',
    way: 'manager',
    result: 'completed',
    fromDomain: 'edge-1',
    toDomain: 'edge-2',
    fromHost: 'edge-1/1',
    toHost: 'edge-2/1',
    attempt: 0,
    epoch: 1,
    phases: {
      detected: startedAtMs,
      validated: startedAtMs + 0.12,
      rerouted: startedAtMs + 0.61,
      initiated: startedAtMs + 1.34,
      prepared: startedAtMs + 2.45,
      redirected: startedAtMs + 3.12,
      activated: startedAtMs + 3.9,
      completed: startedAtMs + 61.2,
    },
    endedAtMs: startedAtMs + 61.2,
    ...over,
  };
}
