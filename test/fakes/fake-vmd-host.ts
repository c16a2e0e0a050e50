import { z } from 'zod';
import { silentLog } from '../../common/log.js';
import { Metrics } from '../../common/metrics.js';
import type { CommandHeader } from '../../protocol/api/common.js';
import { HttpClient } from '../../protocol/api/http-client.js';
import { openHttp, type HttpServer } from '../../protocol/api/http-server.js';
import { route, type Route } from '../../protocol/api/route.js';
import { SseStream } from '../../protocol/api/sse.js';
import {
  activateRequest,
  drainRequest,
  leaseRequest,
  prepareRequest,
  releaseRequest,
  settingsRequest,
  type Digest,
  type HostEvent,
} from '../../protocol/api/vmd.js';
import { fault } from '../../protocol/errors.js';
import { METRICS } from '../../protocol/metrics.js';
import type { DesiredSettings } from '../../protocol/settings.js';
import { refOf, type Instance, type Mano } from '../../md-manager/mano/mano.js';
import type { Gate } from './gate.js';

interface Slot {
  state: 'reserved' | 'assigned' | 'draining';
  highest: number;
  acting?: number;
  digest?: Digest;
  handover: string;
  /** Kept under this lease for a hand-over that may come. */
  lease?: string;
}

/** A vMD host by the contract of protocol/api/vmd.ts, without twins. */
export class FakeVmdHost implements AsyncDisposable {
  readonly slots = new Map<string, Slot>();
  /** What its cars are to be set to. */
  readonly desired = new Map<string, DesiredSettings>();
  readonly instance: Instance;
  readonly #streams = new Set<SseStream>();
  readonly #server: HttpServer;
  stalledMs = 0;
  /** Of its next probes, those that it does not answer well. */
  ill: (probe: number) => boolean = () => false;
  probes = 0;

  private constructor(instance: Instance, server: HttpServer) {
    this.instance = instance;
    this.#server = server;
  }

  static async open(name: string, index: number, slots: number, gate: Gate): Promise<FakeVmdHost> {
    const made: { host?: FakeVmdHost } = {};
    const server = await openHttp({
      part: 'vmd',
      listen: { address: '127.0.0.1', port: 0 },
      routes: routes(() => made.host!, slots, gate),
      log: silentLog,
      metrics: new Metrics(METRICS),
    });
    const domain = name.split('/')[0]!;
    const place = { host: name, domain, address: `127.96.255.${index}`, port: 5683, control: server.url };
    const self = new FakeVmdHost({ ...place, pid: 1_000_000 + index, startTicks: 1 }, server);
    made.host = self;
    return self;
  }

  emit({ type, ...rest }: HostEvent): void {
    for (const stream of this.#streams) stream.send(type, rest);
  }

  follow(stream: SseStream): void {
    this.#streams.add(stream);
    stream.onClose(() => this.#streams.delete(stream));
  }

  acts(vehicle: string): boolean {
    return this.slots.get(vehicle)?.acting !== undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const stream of this.#streams) stream.close();
    await this.#server[Symbol.asyncDispose]();
  }
}

function routes(host: () => FakeVmdHost, count: number, gate: Gate): Route[] {
  const params = z.object({ vehicle: z.string() });
  const check = (vehicle: string, header: CommandHeader): Slot => {
    const slot = host().slots.get(vehicle);
    if (slot === undefined) throw fault('NOT_FOUND', vehicle);
    if (header.epoch < slot.highest) throw fault('EPOCH_STALE', vehicle);
    slot.highest = header.epoch;
    return slot;
  };
  const post = (name: string, body: z.ZodType, handle: (vehicle: string, body: never) => unknown): Route =>
    route({
      method: 'POST',
      path: `/v1/slots/{vehicle}/${name}`,
      command: name,
      summary: name,
      params,
      body,
      answer: z.unknown(),
      handle: async ({ params: { vehicle }, body }) => {
        const answer = handle(vehicle, body as never);
        await gate.pass(name);
        return answer ?? {};
      },
    });
  return [
    post('prepare', prepareRequest, (vehicle, { header, lease }: z.infer<typeof prepareRequest>) => {
      const held = host().slots.get(vehicle);
      if (held === undefined && host().slots.size >= count) throw fault('POOL_EMPTY', vehicle);
      if (held === undefined || header.epoch > held.highest)
        host().slots.set(vehicle, {
          ...{ state: 'reserved', highest: header.epoch, handover: header.handover },
          ...(lease === undefined ? {} : { lease }),
        });
      return { slot: 0, state: 'reserved' };
    }),
    post('activate', activateRequest, (vehicle, { header, digest }: z.infer<typeof activateRequest>) => {
      const slot = check(vehicle, header);
      delete slot.lease;
      Object.assign(slot, { state: 'assigned', acting: header.epoch }, digest === undefined ? {} : { digest });
      queueMicrotask(() => host().emit({ type: 'first-report', vehicle, epoch: header.epoch, atMs: 0 }));
      return { slot: 0, state: 'assigned' };
    }),
    post('drain', drainRequest, (vehicle, { header, graceMs }: z.infer<typeof drainRequest>) => {
      const slot = check(vehicle, header);
      delete slot.acting;
      slot.state = 'draining';
      setTimeout(() => host().emit({ type: 'drained', vehicle, epoch: header.epoch, atMs: 0 }), graceMs);
      const digest: Digest = { schema: 1, vehicle, cells: [], ranges: [], nextMessageId: 1, nextObserve: 1 };
      return { stoodDown: true, digest };
    }),
    post('release', releaseRequest, (vehicle, _body: z.infer<typeof releaseRequest>) => {
      host().slots.delete(vehicle);
    }),
    route({
      method: 'PUT',
      path: '/v1/slots/{vehicle}/settings',
      command: 'settings',
      summary: 'settings',
      params,
      body: settingsRequest,
      answer: z.unknown(),
      handle: async ({ params: { vehicle }, body: { version, settings } }) => {
        if (!host().slots.has(vehicle)) throw fault('NOT_FOUND', vehicle);
        await gate.pass('settings');
        host().desired.set(vehicle, { version, settings });
        return {};
      },
    }),
    route({
      method: 'POST',
      path: '/v1/leases',
      summary: 'leases',
      body: leaseRequest,
      answer: z.unknown(),
      handle: ({ body }) => ({
        refused: body.vehicles
          .filter(({ vehicle, epoch }) => host().slots.get(vehicle)?.acting !== epoch)
          .map(({ vehicle }) => vehicle),
      }),
    }),
    route({
      method: 'GET',
      path: '/v1/health',
      summary: 'health',
      answer: z.unknown(),
      handle: () => {
        if (host().ill(host().probes++)) throw fault('STORE_AWAY', 'it is ill');
        const { pid, startTicks, ...ref } = host().instance;
        const held = [...host().slots].map(([vehicle, { state, highest, acting, handover }], slot) => ({
          ...{ slot, state, vehicle, handover, highestEpoch: highest },
          ...(acting === undefined ? {} : { actingEpoch: acting }),
        }));
        const free = Array.from({ length: count - held.length }, (_, n) => ({ slot: held.length + n, state: 'ready' }));
        return { host: ref, pid, startTicks, stalledMs: host().stalledMs, slots: [...held, ...free] };
      },
    }),
    route({
      method: 'GET',
      path: '/v1/events',
      summary: 'events',
      raw: true,
      handle: ({ reply }) => host().follow(new SseStream(reply)),
    }),
  ];
}

/** A MANO of fake hosts; they outlive managers, as real ones do. */
export class FakeMano implements AsyncDisposable {
  readonly hosts = new Map<string, FakeVmdHost>();
  readonly #managerUrl: string;
  readonly #slots: number;
  readonly #gate: Gate;
  readonly #places = new Map<string, Instance>();
  readonly #listeners = new Set<(host: string) => void>();
  readonly #stop = new AbortController();
  #started = 0;
  /** While set, nothing can be started. */
  broken = false;

  constructor(managerUrl: string, slots: number, gate: Gate) {
    this.#managerUrl = managerUrl;
    this.#slots = slots;
    this.#gate = gate;
  }

  /** What one manager has of it. */
  view(): Mano {
    const list = (): Instance[] => [...this.hosts.values()].map(({ instance }) => instance);
    const mine = new Set<(host: string) => void>();
    return {
      list,
      adopt: () => Promise.resolve(list()),
      reconcile: () => Promise.resolve([]),
      placeOf: host => refOf(this.#places.get(host)!),
      start: domain => this.#start(domain),
      stop: host => this.kill(host),
      onGone: listener => {
        mine.add(listener);
        this.#listeners.add(listener);
        return () => void this.#listeners.delete(listener);
      },
      [Symbol.asyncDispose]: () => {
        for (const listener of mine) this.#listeners.delete(listener);
        return Promise.resolve();
      },
    };
  }

  async kill(name: string): Promise<void> {
    const host = this.hosts.get(name);
    if (host === undefined) return;
    this.hosts.delete(name);
    await host[Symbol.asyncDispose]();
    for (const listener of this.#listeners) listener(name);
  }

  async #start(domain: string): Promise<Instance> {
    if (this.broken) throw fault('MANO_FAILED', 'broken by a test');
    await this.#gate.pass('start');
    const index = ++this.#started;
    const host = await FakeVmdHost.open(`${domain}/${index}`, index, this.#slots, this.#gate);
    if (this.#stop.signal.aborted) {
      // Ordered, and the test has ended meanwhile: nobody else would close it.
      await host[Symbol.asyncDispose]();
      throw fault('MANO_FAILED', 'the test has ended');
    }
    this.#places.set(host.instance.host, host.instance);
    this.hosts.set(host.instance.host, host);
    void this.#hello(host);
    return host.instance;
  }

  async #hello({ instance }: FakeVmdHost): Promise<void> {
    const { pid, startTicks, ...host } = instance;
    await using manager = new HttpClient(this.#managerUrl, { connections: 1 });
    while (!this.#stop.signal.aborted) {
      const body = { host, pid, startTicks, slots: this.#slots };
      const said = await manager.call('POST', '/v1/hosts', { body }).then(
        () => true,
        () => false,
      );
      if (said) return;
      await new Promise(resolve => setTimeout(resolve, 20));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    for (const host of this.hosts.values()) await host[Symbol.asyncDispose]();
  }
}
