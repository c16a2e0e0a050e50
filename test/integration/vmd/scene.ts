import assert from 'node:assert/strict';
import { z } from 'zod';
import { systemClock, systemTimers } from '../../../common/clock.js';
import { Resources } from '../../../common/lifecycle.js';
import { silentLog } from '../../../common/log.js';
import { Metrics } from '../../../common/metrics.js';
import { claimBlock } from '../../../lab/network/loopback-block.js';
import { addressAt, encodeTag, LOOPBACK_PLAN } from '../../../protocol/addresses.js';
import { HttpClient } from '../../../protocol/api/http-client.js';
import {
  hostEvent,
  signalAnswer,
  type HostEvent,
  type SignalAnswer,
  type StoreHealth,
} from '../../../protocol/api/vmd.js';
import { openCoapEndpoint } from '../../../protocol/coap/endpoint.js';
import { secureRandom } from '../../../protocol/coap/secure-random.js';
import type { CoapEndpoint, CoapHandler, CoapRequest, CoapResponse } from '../../../protocol/coap/types.js';
import { openUdpPort } from '../../../protocol/coap/udp-port.js';
import { METRICS } from '../../../protocol/metrics.js';
import { encodeReport } from '../../../protocol/report.js';
import type { Sample } from '../../../protocol/sample.js';
import type { TwinStore } from '../../../store/types.js';
import { openVmdHost, type HostSettings, type VmdHost } from '../../../vmd/host.js';
import { memoryTwinStore, type MemoryTwinStore } from '../../fakes/memory-twin-store.js';

/** A device as a host sees it: a socket on the alias of vehicle `car-<number>`, whose port is a tag. */
export interface Car {
  readonly endpoint: CoapEndpoint;
  readonly vehicle: string;
  readonly number: number;
  report(seq: number, samples?: readonly Sample[]): Promise<CoapResponse>;
}

export interface SceneOptions {
  readonly slots?: number;
  readonly domain?: string;
  /** Where the host stores, which is not closed with it; absent: `scene.store`. */
  readonly store?: TwinStore;
  readonly storeHealth?: () => StoreHealth;
  readonly settings?: Partial<HostSettings>;
}

export interface Scene extends AsyncDisposable {
  readonly host: VmdHost;
  readonly store: MemoryTwinStore;
  readonly metrics: Metrics;
  readonly control: HttpClient;
  /** Address of a socket that is no vehicle's. */
  readonly elsewhere: string;
  car(index: number, options?: { tag?: number; handler?: CoapHandler }): Promise<Car>;
  /** GET from a service. */
  get(path: string, over?: Partial<CoapRequest>): Promise<CoapResponse>;
  command(vehicle: string, what: string, epoch: number, body?: Record<string, unknown>): Promise<unknown>;
  /** Follows the events of the host from now on. */
  events(): AsyncIterator<HostEvent>;
}

export const TAG = encodeTag({ unconfirmed: false, datapath: 1, inPort: 5 });
export const nothingHere: CoapHandler = () => ({ code: '4.04' });

export const endpointAt = async (address: string, port = 0, handler = nothingHere): Promise<CoapEndpoint> =>
  openCoapEndpoint({
    port: await openUdpPort({ address, port }),
    handler,
    clock: systemClock,
    timers: systemTimers,
    random: secureRandom,
  });

/** A host on loopback sockets over a store in memory, in a claimed block of addresses. */
export async function openScene({ slots = 4, domain = 'edge-1', ...own }: SceneOptions = {}): Promise<Scene> {
  const resources = new Resources();
  const block = resources.use(await claimBlock());
  const store = memoryTwinStore();
  const metrics = new Metrics(METRICS);
  const address = block.hostAddress(1);
  const host = resources.use(
    await openVmdHost(
      {
        host: `${domain}/1`,
        domain,
        address,
        controlPort: 0,
        slots,
        aliasPrefix: LOOPBACK_PLAN.aliasPrefix,
        leaseMs: 6_000,
        'ingest.queueMax': 1_000,
        'car.timeoutMs': 5_000,
        ...own.settings,
      },
      {
        store: own.store ?? store,
        ...(own.storeHealth === undefined ? {} : { storeHealth: own.storeHealth }),
        port: await openUdpPort({ address, port: 5_683 }),
        clock: systemClock,
        timers: systemTimers,
        random: secureRandom,
        log: silentLog,
        metrics,
        pid: process.pid,
        startTicks: 1,
      },
    ),
  );
  const control = resources.use(new HttpClient(host.ref.control));
  const elsewhere = block.serviceAddress(9);
  const service = resources.use(await endpointAt(elsewhere));
  const peer = { address, port: 5_683 };
  const stop = new AbortController();
  resources.defer(() => stop.abort());
  return {
    host,
    store,
    metrics,
    control,
    elsewhere,
    async car(index, { tag = TAG, handler = nothingHere } = {}) {
      const number = block.firstNumber + index;
      const vehicle = `car-${number}`;
      const endpoint = resources.use(await endpointAt(addressAt(LOOPBACK_PLAN.aliasPrefix, number), tag, handler));
      const report: Car['report'] = (seq, samples = [{ name: 'spd', value: seq, timeMs: Date.now() }]) => {
        const payload = encodeReport({ vehicle, boot: 1, seq, timeMs: Date.now(), samples });
        return endpoint.request(peer, { method: 'POST', path: ['r'], query: ['v=1'], contentFormat: 112, payload });
      };
      return { endpoint, vehicle, number, report };
    },
    get: (path, over = {}) =>
      service.request(peer, { method: 'GET', path: path.split('/').filter(part => part !== ''), ...over }),
    command: (vehicle, what, epoch, body = {}) =>
      control.call('POST', `/v1/slots/${vehicle}/${what}`, {
        body: { header: { term: 1, handover: 'h-1', attempt: 1, epoch, way: 'manager' }, ...body },
        ...(what === 'release' ? {} : { answer: z.unknown() }),
      }),
    async *events() {
      for await (const { event, data } of control.events('/v1/events', stop.signal))
        yield hostEvent.parse({ type: event, ...(JSON.parse(data) as object) });
    },
    [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose](),
  };
}

export const text = (response: CoapResponse): string => Buffer.from(response.payload ?? []).toString();
/** The answer to a read that has a value. */
export function answerOf(response: CoapResponse): SignalAnswer {
  assert.equal(response.code, '2.05', text(response));
  return signalAnswer.parse(JSON.parse(text(response)));
}
