import assert from 'node:assert/strict';
import { LOOPBACK_PLAN, aliasAddress, twinAddress } from '../../../protocol/addresses.js';
import type { CommandHeader, HostRef } from '../../../protocol/api/common.js';
import { switchCheck, vehicleFlows } from '../../../protocol/api/sdn-app.js';
import { openFakeRouter } from '../../fakes/sdn-network.js';
import { SoftStage, header } from './soft-stage.js';

describe('sdn-app on a soft switch', () => {
  let stage: SoftStage;

  beforeEach(async () => void (stage = await SoftStage.open()));
  afterEach(() => stage[Symbol.asyncDispose]());

  it('takes the first frame to the host, reports it without a from, and brings answers back', async () => {
    const { api } = await stage.openApp();
    await stage.install(api);
    const ack = await stage.report(1);
    assert.deepEqual(
      [ack.port, ack.srcIp, ack.dstIp],
      [1, twinAddress(LOOPBACK_PLAN, stage.number), stage.block.carAddress(0)],
    );
    const change = await stage.manager.reports.next();
    assert.equal(change.from, undefined);
    assert.equal(change.vehicle, 'car-1');
    assert.deepEqual([change.to.port, change.to.domain, change.to.accessPoint], [1, 'edge-1', 'ap-1']);
    assert.ok(change.detectedAtMs <= change.validatedAtMs && change.validatedAtMs <= change.reroutedAtMs!);
    assert.equal(stage.hosts.core.got.all[0]?.alias, aliasAddress(LOOPBACK_PLAN, stage.number));
  });

  it('serves a moved car at the old host from its first frame on, then swaps to the new one', async () => {
    const { api } = await stage.openApp();
    await stage.install(api);
    await stage.report(1);
    await stage.manager.reports.next();
    const heard = stage.router.got.next(frame => frame.text === 'ack moved');
    stage.speak(2, 'moved');
    assert.equal((await heard).port, 2);
    const change = await stage.manager.reports.next();
    assert.deepEqual([change.from?.port, change.to.port, change.to.domain], [1, 2, 'edge-2']);
    const swapped = await api.call('PUT', '/v1/vehicles/car-1/redirect', {
      body: { header: header(1), host: stage.edge2 },
      answer: vehicleFlows,
    });
    assert.deepEqual(swapped.waysOut, ['core/1', 'edge-2/1']);
    await stage.reportOnce(2);
    assert.equal(stage.hosts.edge2.got.all.length, 1);
    await api.call('POST', '/v1/vehicles/car-1/retire', { body: { header: header(1), host: stage.core } });
    const check = await api.call('GET', '/v1/check', { answer: switchCheck });
    assert.deepEqual([check.missing, check.foreign], [0, 0]);
    assert.deepEqual(new Set(check.flows.filter(row => row.kind !== 'base').map(row => row.epochLow)), new Set([1]));
  });

  it('takes an older way out away although a newer epoch was seen, but not by a word from before it served again', async () => {
    const { api } = await stage.openApp();
    await stage.install(api);
    await stage.report(1);
    await stage.manager.reports.next();
    const redirect = (epoch: number, host: HostRef): Promise<unknown> =>
      api.call('PUT', '/v1/vehicles/car-1/redirect', { body: { header: header(epoch), host }, answer: vehicleFlows });
    const retire = (epoch: number): Promise<void> =>
      api.call('POST', '/v1/vehicles/car-1/retire', { body: { header: header(epoch), host: stage.core } });
    await redirect(1, stage.edge2);
    await redirect(2, stage.core);
    await redirect(4, stage.edge2);
    await assert.rejects(retire(1), { code: 'EPOCH_STALE' });
    await retire(3);
    const { flows } = await api.call('GET', '/v1/check', { answer: switchCheck });
    assert.deepEqual(new Set(flows.filter(row => row.kind !== 'base').map(row => row.epochLow)), new Set([4]));
    await assert.rejects(redirect(3, stage.core), { code: 'EPOCH_STALE' });
  });

  it('lets a new host speak first, before a frame has come to it', async () => {
    const { api } = await stage.openApp();
    await stage.install(api);
    await stage.report(1);
    await stage.manager.reports.next();
    await stage.report(1);
    const { alias, tag } = stage.hosts.core.got.all.at(-1)!;
    await api.call('PUT', '/v1/vehicles/car-1/redirect', {
      body: { header: header(1), host: stage.edge2 },
      answer: vehicleFlows,
    });
    const heard = stage.router.got.next(frame => frame.text === 'configuration');
    stage.hosts.edge2.send('configuration', alias, tag);
    assert.equal((await heard).port, 1);
  });

  it('answers a car whose source changed, and reports it', async () => {
    const { api } = await stage.openApp();
    await stage.install(api);
    await stage.report(1);
    await stage.manager.reports.next();
    const ack = await stage.report(1, 6000);
    assert.equal(ack.dstPort, 6000);
    assert.equal((await stage.manager.reports.next()).to.source.port, 6000);
  });

  it('refuses epochs and terms that are over, unknown vehicles and wrong bodies', async () => {
    const { api } = await stage.openApp();
    await stage.install(api, 3);
    const redirect = (h: CommandHeader, id = 'car-1'): Promise<unknown> =>
      api.call('PUT', `/v1/vehicles/${id}/redirect`, { body: { header: h, host: stage.edge2 }, answer: vehicleFlows });
    await assert.rejects(redirect(header(2)), { code: 'EPOCH_STALE' });
    await assert.rejects(redirect(header(3)), { code: 'EPOCH_STALE' });
    await redirect(header(4, 2));
    await redirect(header(4, 2));
    await assert.rejects(redirect(header(5, 1)), { code: 'TERM_STALE' });
    await assert.rejects(redirect(header(5, 2), 'car-9'), { code: 'VEHICLE_UNKNOWN' });
    await assert.rejects(api.call('PUT', '/v1/vehicles/car-1', { body: { number: 'x' } }), { code: 'REQUEST_INVALID' });
    const retire = { header: header(4, 2), host: stage.edge2 };
    await assert.rejects(api.call('POST', '/v1/vehicles/car-1/retire', { body: retire }), { code: 'REQUEST_INVALID' });
  });

  it('survives junk on every socket of the switch', async () => {
    const { api } = await stage.openApp();
    await stage.install(api);
    const junk = await openFakeRouter(stage.block.serviceAddress(6));
    stage.all.use(junk);
    stage.router.send(
      { address: stage.address, port: stage.lab.udpPort },
      { port: 999, srcIp: '1.2.3.4', srcPort: 1, dstIp: '1.2.3.4', dstPort: 1 },
      'x',
    );
    stage.router.send(
      { address: stage.address, port: stage.lab.udpPort },
      { port: 1, srcIp: '1.2.3.4', srcPort: 1, dstIp: '9.9.9.9', dstPort: 1 },
      'x',
    );
    const { connect } = await import('node:net');
    const socket = connect(stage.lab.controlPort, stage.address);
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
    assert.equal((await stage.report(1)).port, 1);
  });
});
