import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemTimers } from '../../../common/clock.js';
import { loadConfig } from '../../../common/config.js';
import { silentLog } from '../../../common/log.js';
import { Metrics } from '../../../common/metrics.js';
import { claimBlock, type LoopbackBlock } from '../../../lab/network/loopback-block.js';
import { SETTINGS } from '../../../md-manager/config.js';
import { runManager } from '../../../md-manager/service.js';
import { HttpClient } from '../../../protocol/api/http-client.js';
import {
  attachmentAnswer,
  handoverCounts,
  handoverRecord,
  registration,
  vehicleRecord,
  type AttachmentAnswer,
  type HandoverRecord,
  type Registration,
  type VehicleRecord,
} from '../../../protocol/api/md-manager.js';
import { METRICS } from '../../../protocol/metrics.js';
import { openLmdbControlStore } from '../../../store/lmdb/control-store.js';
import { FakeMano } from '../../fakes/fake-vmd-host.js';
import { FakeSdnApp } from '../../fakes/fake-sdn-app.js';
import { Gate } from '../../fakes/gate.js';
import { attachmentIn } from '../../fakes/handover-world.js';

const KEY = '0'.repeat(32);

class Lab implements AsyncDisposable {
  readonly gate = new Gate();
  readonly sdn: FakeSdnApp;
  readonly mano: FakeMano;
  readonly api: HttpClient;
  readonly #block: LoopbackBlock;
  readonly #folder: string;
  #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  private constructor(block: LoopbackBlock, folder: string, sdn: FakeSdnApp, gate: Gate) {
    this.gate = gate;
    this.#block = block;
    this.#folder = folder;
    this.sdn = sdn;
    const url = `http://${block.serviceAddress(0)}:7001`;
    this.mano = new FakeMano(url, 4, this.gate);
    this.api = new HttpClient(url);
  }

  static async open(): Promise<Lab> {
    const gate = new Gate();
    const folder = await mkdtemp(join(tmpdir(), 'edgetwin-'));
    const lab = new Lab(await claimBlock(), folder, await FakeSdnApp.open(gate), gate);
    await lab.start();
    await lab.until(async () => (await fetch(`${lab.api.url}/readyz`)).ok);
    return lab;
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
      ...more,
    };
    const argv = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
    const config = loadConfig(SETTINGS, { argv, env: {} });
    this.#stop = new AbortController();
    await new Promise<void>((resolve, reject) => {
      this.#running = runManager(
        config,
        {
          openStore: () => openLmdbControlStore({ path: this.#folder }),
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

  register(vehicle: string, key = KEY): Promise<Registration> {
    const body = { vehicle, key, nextBootFloor: 1 };
    return this.api.call('POST', '/v1/registrations', { body, answer: registration });
  }

  async move(vehicle: string, domain: string, id: string = randomUUID()): Promise<AttachmentAnswer['result']> {
    const to = attachmentIn(domain);
    this.sdn.attach(vehicle, to);
    const times = { detectedAtMs: 1, validatedAtMs: 2, reroutedAtMs: 3 };
    const body = { term: 1, handover: id, vehicle, to, ...times };
    return (await this.api.call('POST', '/v1/attachments', { body, answer: attachmentAnswer })).result;
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
    while (!(await holds())) await new Promise(resolve => setImmediate(resolve));
  }

  /** One slot, one who acts, and the flow to it. */
  async assertOneTwin(vehicle: string): Promise<string> {
    const record = await this.vehicle(vehicle);
    const hosts = [...this.mano.hosts.values()];
    const holders = hosts.filter(host => host.slots.has(vehicle)).map(host => host.instance.host);
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

describe('md-manager between hosts and sdn-app', function () {
  this.timeout(20_000);

  it('registers a vehicle once by its key, with a twin in core before the reply', async () => {
    await using lab = await Lab.open();
    const first = await lab.register('car-1');
    assert.match(await lab.assertOneTwin('car-1'), /^core\//);
    assert.equal(first.nextBoot, 5);
    assert.deepEqual(await lab.register('car-1'), first);
    await assert.rejects(lab.register('car-1', 'f'.repeat(32)), { code: 'KEY_MISMATCH' });
    assert.equal((await lab.register('car-2')).number, first.number + 1);
  });

  it('moves the twin with the car, first from core, then between edges, and counts them apart', async () => {
    await using lab = await Lab.open();
    await lab.register('car-1');
    const [first, second, third] = [randomUUID(), randomUUID(), randomUUID()];
    assert.equal(await lab.move('car-1', 'edge-1', first), 'started');
    assert.equal(await lab.move('car-1', 'edge-1', first), 'known');
    assert.deepEqual([(await lab.ended(first)).kind, (await lab.ended(first)).result], ['first', 'completed']);
    await lab.move('car-1', 'edge-2', second);
    const moved = await lab.ended(second);
    const reached = [
      'detected',
      'validated',
      'rerouted',
      'initiated',
      'prepared',
      'redirected',
      'activated',
      'completed',
    ];
    assert.deepEqual([moved.kind, moved.way, Object.keys(moved.phases).sort()], ['move', 'manager', reached.sort()]);
    const host = await lab.assertOneTwin('car-1');
    assert.match(host, /^edge-2\//);
    assert.equal(lab.mano.hosts.get(host)?.slots.get('car-1')?.digest?.vehicle, 'car-1');
    assert.equal(await lab.move('car-1', 'edge-2', third), 'same-domain');
    const counts = await lab.api.call('GET', '/v1/handovers/counts', { answer: handoverCounts });
    assert.deepEqual([counts.completed, counts.first, counts.sameDomain, counts.failed], [1, 1, 1, 0]);
  });

  it('replaces a serving host that is gone, in its own domain', async () => {
    await using lab = await Lab.open();
    await lab.register('car-1');
    const first = randomUUID();
    await lab.move('car-1', 'edge-1', first);
    await lab.ended(first);
    const host = await lab.assertOneTwin('car-1');
    await lab.mano.kill(host);
    await lab.until(async () => {
      const { acting, handover } = await lab.vehicle('car-1');
      return acting?.host !== host && handover === undefined;
    });
    assert.match(await lab.assertOneTwin('car-1'), /^edge-1\//);
    const counts = await lab.api.call('GET', '/v1/handovers/counts', { answer: handoverCounts });
    assert.equal(counts.hostLost, 1);
    await lab.until(async () => (await fetch(`${lab.api.url}/readyz`)).ok);
  });

  it('gives up a host whose commits make no progress', async () => {
    await using lab = await Lab.open();
    await lab.register('car-1');
    const host = await lab.assertOneTwin('car-1');
    lab.mano.hosts.get(host)!.stalledMs = 5_000;
    await lab.until(async () => {
      const { acting, handover } = await lab.vehicle('car-1');
      return acting?.host !== host && handover === undefined;
    });
    await lab.assertOneTwin('car-1');
  });

  it('keeps the old twin and orders a host where the pool is empty: cold', async () => {
    await using lab = await Lab.open();
    await lab.stop();
    for (const name of [...lab.mano.hosts.keys()].filter(host => host.startsWith('edge-2'))) await lab.mano.kill(name);
    await lab.start({ 'pool-size': 'core=1,edge-1=1,edge-2=0' });
    await lab.register('car-1');
    const [first, second] = [randomUUID(), randomUUID()];
    await lab.move('car-1', 'edge-1', first);
    await lab.ended(first);
    await lab.move('car-1', 'edge-2', second);
    const { result, way } = await lab.ended(second);
    assert.deepEqual([result, way], ['completed', 'cold']);
    assert.match(await lab.assertOneTwin('car-1'), /^edge-2\//);
  });

  it('cancels a move back and re-targets a move on while a host is awaited', async () => {
    await using lab = await Lab.open();
    await lab.stop();
    for (const name of [...lab.mano.hosts.keys()].filter(host => host.startsWith('edge-2'))) await lab.mano.kill(name);
    await lab.start({ 'pool-size': 'core=1,edge-1=1,edge-2=0' });
    await lab.register('car-1');
    const [first, out, back, again, on] = [randomUUID(), randomUUID(), randomUUID(), randomUUID(), randomUUID()];
    await lab.move('car-1', 'edge-1', first);
    await lab.ended(first);
    const held = lab.gate.close('start');
    await lab.move('car-1', 'edge-2', out);
    await held.reached;
    await lab.move('car-1', 'edge-1', back);
    assert.deepEqual([(await lab.ended(out)).result, (await lab.ended(out)).reason], ['cancelled', 'moved-back']);
    assert.match(await lab.assertOneTwin('car-1'), /^edge-1\//);
    await lab.move('car-1', 'edge-2', again);
    await lab.move('car-1', 'core', on);
    const moved = await lab.ended(again);
    assert.deepEqual([moved.result, moved.attempt, (await lab.ended(on)).reason], ['completed', 2, `joined ${again}`]);
    assert.match(await lab.assertOneTwin('car-1'), /^core\//);
    held.open();
  });

  it('defers a move within the dwell, and forgets it when the car is back', async () => {
    await using lab = await Lab.open();
    await lab.stop();
    await lab.start({ 'dwell-ms': '600000' });
    await lab.register('car-1');
    const [first, second, third] = [randomUUID(), randomUUID(), randomUUID()];
    await lab.move('car-1', 'edge-1', first);
    assert.equal((await lab.ended(first)).result, 'completed');
    assert.equal(await lab.move('car-1', 'edge-2', second), 'deferred');
    assert.equal(await lab.move('car-1', 'edge-1', third), 'same-domain');
    assert.deepEqual([(await lab.ended(second)).result, (await lab.ended(second)).reason], ['cancelled', 'superseded']);
    assert.match(await lab.assertOneTwin('car-1'), /^edge-1\//);
  });

  it('refuses what makes no sense by a named error, and serves on', async () => {
    await using lab = await Lab.open();
    const post = (body: unknown): Promise<void> => lab.api.call('POST', '/v1/attachments', { body });
    await assert.rejects(post({ hello: 1 }), { code: 'REQUEST_INVALID' });
    await assert.rejects(lab.vehicle('nobody'), { code: 'VEHICLE_UNKNOWN' });
    await assert.rejects(lab.handover('none'), { code: 'NOT_FOUND' });
    await lab.register('car-1');
  });

  for (const effect of ['prepare', 'redirect', 'drain', 'activate', 'retire', 'release']) {
    it(`is continued by the next manager when it ends while ${effect} is unanswered`, async () => {
      await using lab = await Lab.open();
      await lab.register('car-1');
      const [first, second] = [randomUUID(), randomUUID()];
      await lab.move('car-1', 'edge-1', first);
      await lab.ended(first);
      const held = lab.gate.close(effect);
      await lab.move('car-1', 'edge-2', second);
      await held.reached;
      await lab.stop();
      held.open();
      await lab.start();
      assert.equal((await lab.ended(second)).result, 'completed');
      assert.match(await lab.assertOneTwin('car-1'), /^edge-2\//);
    });
  }
});
