import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemTimers } from '../../../common/clock.js';
import { loadConfig } from '../../../common/config.js';
import { codeOf } from '../../../common/errors.js';
import { silentLog } from '../../../common/log.js';
import { Metrics } from '../../../common/metrics.js';
import { claimBlock, type LoopbackBlock } from '../../../lab/network/loopback-block.js';
import { SETTINGS } from '../../../md-manager/config.js';
import { runManager } from '../../../md-manager/service.js';
import { HttpClient } from '../../../protocol/api/http-client.js';
import {
  attachmentAnswer,
  handoverRecord,
  registration,
  vehicleRecord,
  type AttachmentAnswer,
  type AttachmentChanged,
  type HandoverRecord,
  type Registration,
  type VehicleRecord,
} from '../../../protocol/api/md-manager.js';
import { reservationList, type ReservationList } from '../../../protocol/api/pools.js';
import type { Attachment } from '../../../protocol/api/common.js';
import { METRICS } from '../../../protocol/metrics.js';
import type { ControlStore } from '../../../store/types.js';
import { openLmdbControlStore } from '../../../store/lmdb/control-store.js';
import { eventually, until } from '../../fakes/eventually.js';
import { FakeMano, type FakeVmdHost } from '../../fakes/fake-vmd-host.js';
import { FakeSdnApp } from '../../fakes/fake-sdn-app.js';
import { Gate } from '../../fakes/gate.js';
import { StoreFaults } from '../../fakes/store-faults.js';
import { attachmentIn } from '../../fakes/host-refs.js';

const KEY = '0'.repeat(32);

/** Two access points beside one another. */
const TOPOLOGY = {
  domains: ['core', 'edge-1', 'edge-2'],
  switches: [
    {
      datapath: 1,
      ports: [1, 2].map(port => ({ port, role: 'access', domain: `edge-${port}`, accessPoint: `ap-${port}` })),
    },
  ],
  accessPoints: [1, 2].map(n => ({
    ...{ id: `ap-${n}`, domain: `edge-${n}`, latitude: 38, longitude: -1, rangeM: 100 },
    neighbours: [`ap-${3 - n}`],
  })),
};
const placeIn = (domain: string): Attachment => attachmentIn(domain, domain === 'edge-2' ? 2 : 1);

/** A manager between fake hosts and a fake sdn-app, over HTTP, on a block of addresses of its own. */
export class Lab implements AsyncDisposable {
  readonly gate = new Gate();
  readonly storeFaults = new StoreFaults();
  readonly sdn: FakeSdnApp;
  readonly mano: FakeMano;
  readonly api: HttpClient;
  readonly #block: LoopbackBlock;
  readonly #folder: string;
  #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #store: ControlStore | undefined;

  private constructor(block: LoopbackBlock, folder: string, sdn: FakeSdnApp, gate: Gate) {
    this.gate = gate;
    this.#block = block;
    this.#folder = folder;
    this.sdn = sdn;
    const url = `http://${block.serviceAddress(0)}:7001`;
    this.mano = new FakeMano(url, 4, this.gate);
    this.api = new HttpClient(url);
  }

  /** `arming`: it knows the network. */
  static async open(more: Readonly<Record<string, string>> = {}): Promise<Lab> {
    const gate = new Gate();
    const folder = await mkdtemp(join(tmpdir(), 'edgetwin-'));
    await writeFile(join(folder, 'topology.json'), JSON.stringify(TOPOLOGY));
    const lab = new Lab(await claimBlock(), folder, await FakeSdnApp.open(gate), gate);
    await lab.start(more);
    await lab.until(async () => (await fetch(`${lab.api.url}/readyz`)).ok);
    return lab;
  }

  /** The control store of the manager that runs. */
  get store(): ControlStore {
    assert.ok(this.#store, 'a manager has it open');
    return this.#store;
  }

  /** Of its control store. */
  get folder(): string {
    return this.#folder;
  }

  get topology(): string {
    return join(this.#folder, 'topology.json');
  }

  async start(more: Readonly<Record<string, string>> = {}): Promise<void> {
    const flags = {
      listen: `${this.#block.serviceAddress(0)}:7001`,
      'sdn-url': this.sdn.url,
      'control-store': this.#folder,
      'store-root': this.#folder,
      'hosts-from': this.#block.hostAddress(0),
      'registration-first-number': String(this.#block.firstNumber),
      'dwell-ms': '1',
      'grace-ms': '10',
      // hosts share this process: on a busy machine they are late, and not lost
      'probe-ms': '5000',
      ...more,
    };
    const argv = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
    const config = loadConfig(SETTINGS, { argv, env: {} });
    this.#stop = new AbortController();
    await new Promise<void>((resolve, reject) => {
      this.#running = runManager(
        config,
        {
          openStore: async () =>
            (this.#store = this.storeFaults.over(await openLmdbControlStore({ path: this.#folder }))),
          storeAway: () => (this.storeFaults.away ? 'the control store' : undefined),
          openMano: () => this.mano.view(),
          highestBoot: () => Promise.resolve(4),
          ...{ clock: systemClock, timers: systemTimers, random: Math.random, log: silentLog },
          metrics: new Metrics(METRICS),
          onReady: () => resolve(),
        },
        this.#stop.signal,
      );
      this.#running.catch(reject);
    });
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** Asks again, as a device does, where it is told to come back. */
  async register(vehicle: string, key = KEY): Promise<Registration> {
    const body = { vehicle, key, nextBootFloor: 1 };
    return until(() =>
      this.api.call('POST', '/v1/registrations', { body, answer: registration }).catch((error: unknown) => {
        if (['AUTHORITY_AWAY', 'DEADLINE'].includes(codeOf(error))) return undefined;
        throw error;
      }),
    );
  }

  async move(vehicle: string, domain: string, id: string = randomUUID()): Promise<AttachmentAnswer['result']> {
    const to = placeIn(domain);
    this.sdn.attach(vehicle, to);
    const times = { detectedAtMs: 1, validatedAtMs: 2, reroutedAtMs: 3 };
    return this.tell({ term: 1, handover: id, vehicle, to, ...times });
  }

  /** sdn-app redirects the flow by itself; the manager is to be told of it. */
  redirect(vehicle: string, domain: string, way: 'armed' | 'ticket'): AttachmentChanged {
    const redirected = this.sdn.redirect(vehicle, domain, way);
    const to = placeIn(domain);
    this.sdn.attach(vehicle, to);
    const times = { detectedAtMs: 1, validatedAtMs: 2, ...(way === 'armed' ? {} : { reroutedAtMs: 3 }) };
    return { term: 1, handover: randomUUID(), vehicle, to, ...times, redirected };
  }

  async tell(body: AttachmentChanged): Promise<AttachmentAnswer['result']> {
    return (await this.api.call('POST', '/v1/attachments', { body, answer: attachmentAnswer })).result;
  }

  reservations(): Promise<ReservationList> {
    return this.api.call('GET', '/v1/reservations', { answer: reservationList });
  }

  /** The vehicle's twin is in this domain, and sdn-app may send it to the other one by itself. */
  async armedFrom(vehicle: string, domain: string): Promise<void> {
    if ((await this.vehicle(vehicle)).acting?.domain !== domain) {
      const id = randomUUID();
      await this.move(vehicle, domain, id);
      await this.ended(id);
    }
    await this.until(() => Promise.resolve(this.sdn.arming.get(vehicle)?.slots.length === 1));
  }

  handover(id: string): Promise<HandoverRecord> {
    return this.api.call('GET', `/v1/handovers/${id}`, { answer: handoverRecord });
  }

  vehicle(vehicle: string): Promise<VehicleRecord> {
    return this.api.call('GET', `/v1/vehicles/${vehicle}`, { answer: vehicleRecord });
  }

  async ended(id: string): Promise<HandoverRecord> {
    await this.until(async () => (await this.handover(id)).result !== 'running');
    return this.handover(id);
  }

  async until(holds: () => Promise<boolean>): Promise<void> {
    await eventually(String(holds), holds);
  }

  /** One slot, one who acts, and the flow to it. */
  async assertOneTwin(vehicle: string): Promise<string> {
    const record = await this.vehicle(vehicle);
    const hosts = [...this.mano.hosts.values()];
    const holds = (slots: FakeVmdHost['slots']): boolean => slots.has(vehicle) && !slots.get(vehicle)?.lease;
    const holders = hosts.filter(host => holds(host.slots)).map(host => host.instance.host);
    const actors = hosts.filter(host => host.acts(vehicle)).map(host => host.instance.host);
    const flows = this.sdn.flows.get(vehicle)!;
    assert.deepEqual([holders, actors], [[record.acting!.host], [record.acting!.host]]);
    assert.deepEqual([flows.host.host, flows.waysOut], [record.acting!.host, [record.acting!.host]]);
    return record.acting!.host;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.mano[Symbol.asyncDispose]();
    await this.sdn[Symbol.asyncDispose]();
    await this.api[Symbol.asyncDispose]();
    await this.#block[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true });
  }
}
