import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { z } from 'zod';
import { systemClock, systemTimers } from '../../../common/clock.js';
import { Resources } from '../../../common/lifecycle.js';
import { silentLog } from '../../../common/log.js';
import { decodeFrame, encodeFrame } from '../../../lab/network/frame.js';
import { claimBlock } from '../../../lab/network/loopback-block.js';
import { LOOPBACK_PLAN, twinAddress } from '../../../protocol/addresses.js';
import { HttpClient } from '../../../protocol/api/http-client.js';
import { openHttp } from '../../../protocol/api/http-server.js';
import { vehicleFlows } from '../../../protocol/api/sdn-app.js';
import { signalAnswer } from '../../../protocol/api/vmd.js';
import { openCoapEndpoint } from '../../../protocol/coap/endpoint.js';
import { secureRandom } from '../../../protocol/coap/secure-random.js';
import type { CoapEndpoint, DatagramPort } from '../../../protocol/coap/types.js';
import { openUdpPort } from '../../../protocol/coap/udp-port.js';
import { proofOf } from '../../../protocol/proof.js';
import { encodeReport, META } from '../../../protocol/report.js';
import type { Sample } from '../../../protocol/sample.js';
import type { Trust } from '../../../sdn-app/attachment/machine.js';
import { sdnRoutes } from '../../../sdn-app/rest/routes.js';
import { openSoftSwitch } from '../../../sdn-app/switch/soft.js';
import { openVmdHost } from '../../../vmd/host.js';
import { openSdnClient } from '../../../vmd/ingest/sdn-client.js';
import { eventually } from '../../fakes/eventually.js';
import { memoryTwinStore } from '../../fakes/memory-twin-store.js';
import { FakeManager, hostRef, openTestSwitch, sdnMetrics } from '../../fakes/sdn-network.js';
import { softService } from './soft-stage.js';

const KEY = '000102030405060708090a0b0c0d0e0f';
const VEHICLE = 'car-1';
const SPEED = 'Vehicle.OBD.Speed';

/** A device at a port of the switch: its own CoAP endpoint behind the addresses that it uses there. */
interface Device {
  /** Everything that the switch has sent out of its port. */
  readonly heard: Uint8Array[];
  /** Requests that the twin has sent to it. */
  readonly asked: string[];
  report(seq: number, key?: string): Promise<string>;
}

/** A vMD host, an sdn-app and a soft switch, all of them real, with the trust level of the test. */
async function openScene(trust: Trust) {
  const all = new Resources();
  const block = all.use(await claimBlock());
  const number = block.firstNumber;
  const switchAddress = block.serviceAddress(2);
  const router = createSocket('udp4');
  router.bind({ address: block.serviceAddress(5), port: 0, exclusive: true });
  await once(router, 'listening');
  all.defer(() => new Promise<void>(resolve => router.close(() => resolve())));
  const lab = all.use(await openTestSwitch(switchAddress, router.address().port));
  const manager = new FakeManager();
  const metrics = sdnMetrics();
  const service = all.use(
    softService({
      firstNumber: number,
      trust,
      flowSwitch: all.use(openSoftSwitch({ address: switchAddress, port: lab.controlPort })),
      manager,
      metrics,
    }),
  );
  service.start();
  const listen = { address: block.serviceAddress(1), port: 0 };
  const http = all.use(
    await openHttp({ part: 'sdn-app', listen, routes: sdnRoutes(service), log: silentLog, metrics }),
  );
  const sdn = all.use(openSdnClient([http.url]));
  const core = hostRef('core/1', 'core', block.hostAddress(1));
  const host = all.use(
    await openVmdHost(
      {
        host: core.host,
        domain: core.domain,
        address: core.address,
        controlPort: 0,
        slots: 4,
        aliasPrefix: LOOPBACK_PLAN.aliasPrefix,
        leaseMs: 60_000,
        'ingest.queueMax': 100,
        'car.timeoutMs': 5_000,
      },
      {
        store: memoryTwinStore([{ vehicle: VEHICLE, number, key: KEY, registeredAtMs: 0 }]),
        port: await openUdpPort({ address: core.address, port: 5_683 }),
        clock: systemClock,
        timers: systemTimers,
        random: secureRandom,
        log: silentLog,
        metrics: sdnMetrics(),
        pid: process.pid,
        startTicks: 1,
        confirm: (vehicle, request) => sdn.confirm(vehicle, request),
      },
    ),
  );
  await eventually('sdn-app is ready', () => service.notReady === undefined);
  const api = all.use(new HttpClient(http.url));
  await api.call('PUT', `/v1/vehicles/${VEHICLE}`, {
    body: {
      header: { term: 1, handover: 'registration', attempt: 0, epoch: 0, way: 'manager' },
      number,
      host: core,
    },
    answer: vehicleFlows,
  });
  const control = all.use(new HttpClient(host.ref.control));
  for (const [what, more] of [
    ['prepare', { number }],
    ['activate', { leaseMs: 60_000 }],
  ] as const)
    await control.call('POST', `/v1/slots/${VEHICLE}/${what}`, {
      body: { header: { term: 1, handover: 'h', attempt: 1, epoch: 1, way: 'manager' }, ...more },
      answer: z.unknown(),
    });
  const reader = all.use(
    openCoapEndpoint({
      port: await openUdpPort({ address: block.serviceAddress(9), port: 0 }),
      handler: () => ({ code: '4.04' }),
      clock: systemClock,
      timers: systemTimers,
      random: secureRandom,
    }),
  );

  const twin = { address: twinAddress(LOOPBACK_PLAN, number), port: 5_683 };
  /** All devices use the same addresses: the vehicle's. */
  const own = { address: block.carAddress(0), port: 5_683 };
  const device = (port: number): Device => {
    const heard: Uint8Array[] = [];
    const asked: string[] = [];
    const datagrams: DatagramPort = {
      local: own,
      send: (payload, to) =>
        router.send(
          encodeFrame({ port, srcIp: own.address, srcPort: own.port, dstIp: to.address, dstPort: to.port, payload }),
          lab.udpPort,
          switchAddress,
        ),
      onDatagram: listener =>
        void router.on('message', bytes => {
          const frame = decodeFrame(bytes);
          if (frame?.port !== port) return;
          const payload = Uint8Array.from(frame.payload);
          heard.push(payload);
          listener(payload, { address: frame.srcIp, port: frame.srcPort });
        }),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
    const endpoint: CoapEndpoint = all.use(
      openCoapEndpoint({
        port: datagrams,
        handler: ({ path }) => {
          asked.push(path.join('/'));
          const value = JSON.stringify({ value: 77, timeMs: Date.now() });
          return { code: '2.05', payload: Buffer.from(value), contentFormat: 50 };
        },
        clock: systemClock,
        timers: systemTimers,
        random: secureRandom,
      }),
    );
    return {
      heard,
      asked,
      report: async (seq, key) => {
        const timeMs = Date.now();
        const id = { vehicle: VEHICLE, boot: 1, seq };
        const old: Sample = { name: 'spd', value: 50, timeMs: timeMs - 60_000 };
        const proof = key === undefined ? [] : [{ name: META.proof, value: proofOf(key, id), timeMs }];
        const payload = encodeReport({ ...id, timeMs, samples: [old, ...proof] });
        const post = { method: 'POST', path: ['r'], query: ['v=1'], contentFormat: 112, payload } as const;
        // what was answered before the switch knew where to is sent again
        return (await endpoint.request(twin, post, { confirmable: true, timeoutMs: 10_000 })).code;
      },
    };
  };
  return {
    device,
    manager,
    read: async () => {
      const path = ['v', VEHICLE, 's', SPEED];
      const request = { method: 'GET', path, query: ['maxAge=1'] } as const;
      const { payload } = await reader.request({ address: core.address, port: 5_683 }, request);
      return signalAnswer.parse(JSON.parse(Buffer.from(payload ?? []).toString()));
    },
    [Symbol.asyncDispose]: () => all[Symbol.asyncDispose](),
  };
}

describe('trust, with a real host and a soft switch', () => {
  for (const trust of ['access', 'proof'] as const)
    it(`gives somebody at another port with the addresses of the car nothing of the car's, with trust ${trust}`, async () => {
      await using scene = await openScene(trust);
      const car = scene.device(1);
      const other = scene.device(3);
      assert.equal(await car.report(1, KEY), '2.04');
      const first = await scene.manager.reports.next();
      assert.deepEqual([first.from, first.to.port, first.detector], [undefined, 1, 'first']);
      assert.equal(await car.report(2, KEY), '2.04');

      // served and answered like anybody who claims to be the car, with a wrong proof or a repeated one, too
      assert.equal(await other.report(3), '2.04');
      assert.equal(await other.report(4, KEY.replace('0f', '0e')), '2.04');
      assert.equal(await other.report(2, KEY), '2.04');
      const answers = other.heard.length;
      for (let seq = 5; seq < 10; seq++) assert.equal(await car.report(seq, KEY), '2.04');
      assert.equal(other.heard.length, answers, 'frames that were meant for the car');

      // the host hears him last, and asks the car all the same
      assert.equal(await other.report(11), '2.04');
      const read = await scene.read();
      assert.deepEqual([read.value, read.source], [77, 'measured']);
      assert.deepEqual([car.asked, other.asked], [[`s/${SPEED}`], []]);
      assert.equal(scene.manager.reports.all.length, 1);
    });

  it('follows the car to another port by the proof in its next report', async () => {
    await using scene = await openScene('proof');
    const before = scene.device(1);
    const after = scene.device(3);
    await before.report(1, KEY);
    await scene.manager.reports.next();
    await after.report(2, KEY);
    const moved = await scene.manager.reports.next();
    assert.deepEqual([moved.from?.port, moved.to.port, moved.detector], [1, 3, 'port']);
    await after.report(3, KEY);
    await scene.read();
    assert.deepEqual([before.asked.length, after.asked.length], [0, 1]);
  });
});
