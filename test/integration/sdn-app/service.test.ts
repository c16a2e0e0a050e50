import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { systemClock, systemTimers } from '../../../common/clock.js';
import { Resources } from '../../../common/lifecycle.js';
import { silentLog } from '../../../common/log.js';
import { claimBlock, type LoopbackBlock } from '../../../lab/network/loopback-block.js';
import type { LabSwitch } from '../../../lab/soft-switch/switch.js';
import { openHttp } from '../../../protocol/api/http-server.js';
import { HttpClient } from '../../../protocol/api/http-client.js';
import type { CommandHeader, HostRef } from '../../../protocol/api/common.js';
import { switchCheck, vehicleFlows, vehicleFlowsList } from '../../../protocol/api/sdn-app.js';
import { LOOPBACK_PLAN, aliasAddress, twinAddress } from '../../../protocol/addresses.js';
import { DETECTORS } from '../../../sdn-app/attachment/detectors.js';
import { sdnRoutes } from '../../../sdn-app/rest/routes.js';
import { SdnService } from '../../../sdn-app/service.js';
import { openSoftSwitch, type SoftSwitch } from '../../../sdn-app/switch/soft.js';
import { eventually } from '../../fakes/eventually.js';
import {
  FakeManager,
  TOPOLOGY,
  hostRef,
  openFakeHost,
  openFakeRouter,
  openTestSwitch,
  sdnMetrics,
} from '../../fakes/sdn-network.js';

const header = (epoch: number, term = 1): CommandHeader => ({ term, handover: 'h', attempt: 0, epoch, way: 'manager' });

describe('sdn-app on a soft switch', () => {
  let all: Resources;
  let block: LoopbackBlock;
  let router: Awaited<ReturnType<typeof openFakeRouter>>;
  let core: HostRef;
  let edge2: HostRef;
  let hosts: Record<'core' | 'edge2', Awaited<ReturnType<typeof openFakeHost>>>;
  let manager: FakeManager;
  let lab: LabSwitch;
  let address: string;
  let number: number;
  let said: number;
  /** Called when the switch has confirmed new flows. */
  let onConfirmed: () => void;

  beforeEach(async () => {
    all = new Resources();
    block = all.use(await claimBlock());
    address = block.serviceAddress(2);
    number = block.firstNumber;
    said = 0;
    onConfirmed = () => undefined;
    router = all.use(await openFakeRouter(block.serviceAddress(5)));
    core = hostRef('core/1', 'core', block.hostAddress(1));
    edge2 = hostRef('edge-2/1', 'edge-2', block.hostAddress(2));
    hosts = { core: all.use(await openFakeHost(core.address)), edge2: all.use(await openFakeHost(edge2.address)) };
    manager = new FakeManager();
    lab = await openTestSwitch(address, router.port);
  });

  afterEach(async () => {
    await lab[Symbol.asyncDispose]();
    await all[Symbol.asyncDispose]();
  });

  const openApp = async (
    resources = all,
    waits = true,
  ): Promise<{ service: SdnService; api: HttpClient; flowSwitch: SoftSwitch }> => {
    const metrics = sdnMetrics();
    const flowSwitch = resources.use(openSoftSwitch({ address, port: lab.controlPort }));
    const apply = flowSwitch.apply.bind(flowSwitch);
    flowSwitch.apply = async batch => {
      await apply(batch);
      onConfirmed();
    };
    const service = resources.use(
      new SdnService(
        {
          plan: LOOPBACK_PLAN,
          topology: TOPOLOGY,
          firstNumber: number,
          rules: { trust: 'lab', straggleMs: 50, dwellMs: 2_000, detectors: DETECTORS },
          lease: { holder: randomUUID(), url: 'http://127.0.0.1:7002', ttlMs: 300 },
          graceMs: 1_000,
        },
        {
          switches: [flowSwitch],
          manager,
          clock: systemClock,
          timers: systemTimers,
          random: Math.random,
          newId: randomUUID,
          log: silentLog,
          metrics,
        },
      ),
    );
    service.start();
    const http = resources.use(
      await openHttp({
        part: 'sdn-app',
        listen: { address: block.serviceAddress(1), port: 0 },
        routes: sdnRoutes(service),
        log: silentLog,
        metrics,
        notReady: () => service.notReady,
      }),
    );
    const api = resources.use(new HttpClient(http.url));
    if (waits) await until(() => service.notReady === undefined);
    return { service, api, flowSwitch };
  };

  /** As if it had been killed: its lease runs out. */
  const stop = async (resources: Resources): Promise<void> => {
    await resources[Symbol.asyncDispose]();
    manager.expireLease();
  };

  const until = (holds: () => boolean): Promise<void> => eventually(String(holds), holds);

  const install = (api: HttpClient, epoch = 0): Promise<unknown> =>
    api.call('PUT', '/v1/vehicles/car-1', {
      body: { header: header(epoch), number, host: core },
      answer: vehicleFlows,
    });

  const speak = (port: number, text: string, sourcePort = 5683): void =>
    router.send(
      { address, port: lab.udpPort },
      {
        port,
        srcIp: block.carAddress(0),
        srcPort: sourcePort,
        dstIp: twinAddress(LOOPBACK_PLAN, number),
        dstPort: 5683,
      },
      text,
    );

  /**
   * Gives the frame of the acknowledgement. The answer to a frame from a source that the switch does not know yet is lost:
   * sent again once the switch has confirmed new flows.
   */
  const report = async (port: number, sourcePort = 5683): ReturnType<typeof router.got.next> => {
    const text = `report ${++said}`;
    const acked = router.got.next(frame => frame.text === `ack ${text}` && frame.dstPort === sourcePort);
    for (let done = false; !done;) {
      const changed = new Promise<false>(resolve => (onConfirmed = () => resolve(false)));
      speak(port, text, sourcePort);
      done = await Promise.race([acked.then(() => true), changed]);
    }
    return acked;
  };

  /** Where the ways in and back are known to be in place: sent once, acknowledged once. */
  const reportOnce = async (port: number): ReturnType<typeof router.got.next> => {
    const text = `report ${++said}`;
    const acked = router.got.next(frame => frame.text === `ack ${text}`);
    speak(port, text);
    return acked;
  };

  it('takes the first frame to the host, reports it without a from, and brings answers back', async () => {
    const { api } = await openApp();
    await install(api);
    const ack = await report(1);
    assert.deepEqual([ack.port, ack.srcIp, ack.dstIp], [1, twinAddress(LOOPBACK_PLAN, number), block.carAddress(0)]);
    const change = await manager.reports.next();
    assert.equal(change.from, undefined);
    assert.equal(change.vehicle, 'car-1');
    assert.deepEqual([change.to.port, change.to.domain, change.to.accessPoint], [1, 'edge-1', 'ap-1']);
    assert.ok(change.detectedAtMs <= change.validatedAtMs && change.validatedAtMs <= change.reroutedAtMs!);
    assert.equal(hosts.core.got.all[0]?.alias, aliasAddress(LOOPBACK_PLAN, number));
  });

  it('serves a moved car at the old host from its first frame on, then swaps to the new one', async () => {
    const { api } = await openApp();
    await install(api);
    await report(1);
    await manager.reports.next();
    const heard = router.got.next(frame => frame.text === 'ack moved');
    speak(2, 'moved');
    assert.equal((await heard).port, 2);
    const change = await manager.reports.next();
    assert.deepEqual([change.from?.port, change.to.port, change.to.domain], [1, 2, 'edge-2']);
    const swapped = await api.call('PUT', '/v1/vehicles/car-1/redirect', {
      body: { header: header(1), host: edge2 },
      answer: vehicleFlows,
    });
    assert.deepEqual(swapped.waysOut, ['core/1', 'edge-2/1']);
    await reportOnce(2);
    assert.equal(hosts.edge2.got.all.length, 1);
    await api.call('POST', '/v1/vehicles/car-1/retire', { body: { header: header(1), host: core } });
    const check = await api.call('GET', '/v1/check', { answer: switchCheck });
    assert.deepEqual([check.missing, check.foreign], [0, 0]);
    assert.deepEqual(new Set(check.flows.filter(row => row.kind !== 'base').map(row => row.epochLow)), new Set([1]));
  });

  it('takes an older way out away although a newer epoch was seen, but not by a word from before it served again', async () => {
    const { api } = await openApp();
    await install(api);
    await report(1);
    await manager.reports.next();
    const redirect = (epoch: number, host: typeof core): Promise<unknown> =>
      api.call('PUT', '/v1/vehicles/car-1/redirect', { body: { header: header(epoch), host }, answer: vehicleFlows });
    const retire = (epoch: number): Promise<void> =>
      api.call('POST', '/v1/vehicles/car-1/retire', { body: { header: header(epoch), host: core } });
    await redirect(1, edge2);
    await redirect(2, core);
    await redirect(4, edge2);
    await assert.rejects(retire(1), { code: 'EPOCH_STALE' });
    await retire(3);
    const { flows } = await api.call('GET', '/v1/check', { answer: switchCheck });
    assert.deepEqual(new Set(flows.filter(row => row.kind !== 'base').map(row => row.epochLow)), new Set([4]));
    await assert.rejects(redirect(3, core), { code: 'EPOCH_STALE' });
  });

  it('lets a new host speak first, before a frame has come to it', async () => {
    const { api } = await openApp();
    await install(api);
    await report(1);
    await manager.reports.next();
    await report(1);
    const { alias, tag } = hosts.core.got.all.at(-1)!;
    await api.call('PUT', '/v1/vehicles/car-1/redirect', {
      body: { header: header(1), host: edge2 },
      answer: vehicleFlows,
    });
    const heard = router.got.next(frame => frame.text === 'configuration');
    hosts.edge2.send('configuration', alias, tag);
    assert.equal((await heard).port, 1);
  });

  it('answers a car whose source changed, and reports it', async () => {
    const { api } = await openApp();
    await install(api);
    await report(1);
    await manager.reports.next();
    const ack = await report(1, 6000);
    assert.equal(ack.dstPort, 6000);
    assert.equal((await manager.reports.next()).to.source.port, 6000);
  });

  it('refuses epochs and terms that are over, unknown vehicles and wrong bodies', async () => {
    const { api } = await openApp();
    await install(api, 3);
    const redirect = (h: CommandHeader, id = 'car-1'): Promise<unknown> =>
      api.call('PUT', `/v1/vehicles/${id}/redirect`, { body: { header: h, host: edge2 }, answer: vehicleFlows });
    await assert.rejects(redirect(header(2)), { code: 'EPOCH_STALE' });
    await assert.rejects(redirect(header(3)), { code: 'EPOCH_STALE' });
    await redirect(header(4, 2));
    await redirect(header(4, 2));
    await assert.rejects(redirect(header(5, 1)), { code: 'TERM_STALE' });
    await assert.rejects(redirect(header(5, 2), 'car-9'), { code: 'VEHICLE_UNKNOWN' });
    await assert.rejects(api.call('PUT', '/v1/vehicles/car-1', { body: { number: 'x' } }), { code: 'REQUEST_INVALID' });
    const retire = { header: header(4, 2), host: edge2 };
    await assert.rejects(api.call('POST', '/v1/vehicles/car-1/retire', { body: retire }), { code: 'REQUEST_INVALID' });
  });

  it('does not act after its own restart before it has the lease; cars are served all the same', async () => {
    const first = new Resources();
    const app = await openApp(first);
    await install(app.api);
    await report(1);
    const { to } = await manager.reports.next();
    await stop(first);

    manager.away = true;
    const { service, api } = await openApp(all, false);
    assert.equal((await report(2)).port, 2);
    assert.equal(service.notReady, 'the lease');
    await assert.rejects(install(api), { code: 'NOT_ACTIVE' });
    manager.records.set('car-1', {
      vehicle: 'car-1',
      number,
      twin: { address: twinAddress(LOOPBACK_PLAN, number), port: 5683 },
      host: core,
      hostEpoch: 0,
      highestEpoch: 0,
      attachment: to,
    });
    manager.away = false;
    await until(() => service.notReady === undefined);
    await report(2);
    const change = await manager.reports.next();
    assert.deepEqual([change.term, change.vehicle, change.from?.port, change.to.port], [2, 'car-1', 1, 2]);
    const { vehicles } = await api.call('GET', '/v1/vehicles', { answer: vehicleFlowsList });
    assert.equal(vehicles[0]?.attachment?.port, 2);
  });

  it('tells the manager after a restart of a move that it could not tell before', async () => {
    const first = new Resources();
    const app = await openApp(first);
    await install(app.api);
    await report(1);
    const told = await manager.reports.next();
    manager.away = true;
    await report(2);
    await until(() => app.service.active.vehicles.named('car-1').state.at === 'attached');
    await stop(first);
    manager.records.set('car-1', {
      vehicle: 'car-1',
      number,
      twin: { address: twinAddress(LOOPBACK_PLAN, number), port: 5683 },
      host: core,
      hostEpoch: 0,
      highestEpoch: 0,
      attachment: told.to,
    });
    manager.away = false;
    await openApp();
    const change = await manager.reports.next();
    assert.deepEqual([change.vehicle, change.from?.port, change.to.port], ['car-1', 1, 2]);
  });

  it('learns after a restart what the manager knows, and removes vehicles that nobody knows', async () => {
    const first = new Resources();
    const app = await openApp(first);
    await install(app.api);
    await report(1);
    await stop(first);
    manager.records.set('car-2', {
      vehicle: 'car-2',
      number: number + 1,
      twin: { address: twinAddress(LOOPBACK_PLAN, number + 1), port: 5683 },
      host: edge2,
      hostEpoch: 7,
      highestEpoch: 9,
    });
    const { service, api } = await openApp();
    await until(
      () => service.active.vehicles.size === 1 && service.active.vehicles.numbered(number + 1)?.sent.has(1) === true,
    );
    const check = await api.call('GET', '/v1/check', { answer: switchCheck });
    const ours = check.flows.filter(row => row.kind !== 'base');
    assert.deepEqual([...new Set(ours.map(row => `${row.vehicle - number}@${row.epochLow}`))], ['1@7']);
  });

  it('installs everything again when the switch was restarted empty', async () => {
    const { service, api } = await openApp();
    await install(api);
    await report(1);
    await manager.reports.next();
    const { udpPort, controlPort } = lab;
    await lab[Symbol.asyncDispose]();
    await until(() => service.notReady !== undefined);
    await assert.rejects(
      api.call('PUT', '/v1/vehicles/car-1/redirect', {
        body: { header: header(1), host: edge2 },
        answer: vehicleFlows,
      }),
      { code: 'SWITCH_AWAY' },
    );
    lab = await openTestSwitch(address, router.port, { udp: udpPort, control: controlPort });
    await until(() => service.notReady === undefined);
    assert.equal((await reportOnce(1)).port, 1);
    // the swap that could not be confirmed was ordered all the same: it rolls forward
    assert.equal(hosts.edge2.got.all.length, 1);
    const check = await api.call('GET', '/v1/check', { answer: switchCheck });
    assert.deepEqual([check.connected, check.missing, check.foreign], [true, 0, 0]);
  });

  it('keeps the newest change of a vehicle while the manager is away', async () => {
    const { api, service } = await openApp();
    await install(api);
    manager.away = true;
    await report(1);
    await until(() => service.active.reporter.waiting === 1);
    await report(2);
    await until(() => service.active.vehicles.named('car-1').state.at === 'attached');
    manager.away = false;
    const change = await manager.reports.next();
    assert.deepEqual([change.from, change.to.port], [undefined, 2]);
    await until(() => service.active.reporter.waiting === 0);
  });

  it('survives junk on every socket of the switch', async () => {
    const { api } = await openApp();
    await install(api);
    const junk = await openFakeRouter(block.serviceAddress(6));
    all.use(junk);
    router.send(
      { address, port: lab.udpPort },
      { port: 999, srcIp: '1.2.3.4', srcPort: 1, dstIp: '1.2.3.4', dstPort: 1 },
      'x',
    );
    router.send(
      { address, port: lab.udpPort },
      { port: 1, srcIp: '1.2.3.4', srcPort: 1, dstIp: '9.9.9.9', dstPort: 1 },
      'x',
    );
    const { connect } = await import('node:net');
    const socket = connect(lab.controlPort, address);
    const answers = new Promise<string>(resolve => {
      let text = '';
      socket.on('data', bytes => {
        text += bytes.toString();
        if (text.split('\n').length > 4) resolve(text);
      });
    });
    socket.write('not json\n{"op":"batch"}\n{"op":"flows","id":3,"cookie":-1,"mask":0}\n');
    const refused = (await answers)
      .split('\n')
      .slice(1, 4)
      .map(line => JSON.parse(line) as { type: string; id?: number });
    assert.deepEqual(
      refused.map(({ type, id }) => [type, id]),
      [
        ['refused', undefined],
        ['refused', undefined],
        ['refused', 3],
      ],
    );
    socket.destroy();
    assert.equal((await report(1)).port, 1);
  });
});
