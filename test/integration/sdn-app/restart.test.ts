import assert from 'node:assert/strict';
import { Resources } from '../../../common/lifecycle.js';
import { LOOPBACK_PLAN, twinAddress } from '../../../protocol/addresses.js';
import { switchCheck, vehicleFlows, vehicleFlowsList } from '../../../protocol/api/sdn-app.js';
import { openTestSwitch } from '../../fakes/sdn-network.js';
import { SoftStage, header, until } from './soft-stage.js';

describe('sdn-app on a soft switch, when it, the switch or the manager begins anew', () => {
  let stage: SoftStage;

  beforeEach(async () => void (stage = await SoftStage.open()));
  afterEach(() => stage[Symbol.asyncDispose]());

  it('does not act after its own restart before it has the lease; cars are served all the same', async () => {
    const first = new Resources();
    const app = await stage.openApp(first);
    await stage.install(app.api);
    await stage.report(1);
    const { to } = await stage.manager.reports.next();
    await stage.stop(first);

    stage.manager.away = true;
    const { service, api } = await stage.openApp(stage.all, false);
    assert.equal((await stage.report(2)).port, 2);
    assert.equal(service.notReady, 'the lease');
    await assert.rejects(stage.install(api), { code: 'NOT_ACTIVE' });
    stage.remember(to);
    stage.manager.away = false;
    await until(() => service.notReady === undefined);
    await stage.report(2);
    const change = await stage.manager.reports.next();
    assert.deepEqual([change.term, change.vehicle, change.from?.port, change.to.port], [2, 'car-1', 1, 2]);
    const { vehicles } = await api.call('GET', '/v1/vehicles', { answer: vehicleFlowsList });
    assert.equal(vehicles[0]?.attachment?.port, 2);
  });

  it('tells the manager after a restart of a move that it could not tell before', async () => {
    const first = new Resources();
    const app = await stage.openApp(first);
    await stage.install(app.api);
    await stage.report(1);
    const told = await stage.manager.reports.next();
    stage.manager.away = true;
    await stage.report(2);
    await until(() => app.service.active.vehicles.named('car-1').state.at === 'attached');
    await stage.stop(first);
    stage.remember(told.to);
    stage.manager.away = false;
    await stage.openApp();
    const change = await stage.manager.reports.next();
    assert.deepEqual([change.vehicle, change.from?.port, change.to.port], ['car-1', 1, 2]);
  });

  it('learns after a restart what the manager knows, and removes vehicles that nobody knows', async () => {
    const first = new Resources();
    const app = await stage.openApp(first);
    await stage.install(app.api);
    await stage.report(1);
    await stage.stop(first);
    stage.manager.records.set('car-2', {
      vehicle: 'car-2',
      number: stage.number + 1,
      twin: { address: twinAddress(LOOPBACK_PLAN, stage.number + 1), port: 5683 },
      host: stage.edge2,
      hostEpoch: 7,
      highestEpoch: 9,
    });
    const { service, api } = await stage.openApp();
    await until(
      () =>
        service.active.vehicles.size === 1 && service.active.vehicles.numbered(stage.number + 1)?.sent.has(1) === true,
    );
    const check = await api.call('GET', '/v1/check', { answer: switchCheck });
    const ours = check.flows.filter(row => row.kind !== 'base');
    assert.deepEqual([...new Set(ours.map(row => `${row.vehicle - stage.number}@${row.epochLow}`))], ['1@7']);
  });

  it('installs everything again when the switch was restarted empty', async () => {
    const { service, api } = await stage.openApp();
    await stage.install(api);
    await stage.report(1);
    await stage.manager.reports.next();
    const { udpPort, controlPort } = stage.lab;
    await stage.lab[Symbol.asyncDispose]();
    await until(() => service.notReady !== undefined);
    await assert.rejects(
      api.call('PUT', '/v1/vehicles/car-1/redirect', {
        body: { header: header(1), host: stage.edge2 },
        answer: vehicleFlows,
      }),
      { code: 'SWITCH_AWAY' },
    );
    stage.lab = await openTestSwitch(stage.address, stage.router.port, { udp: udpPort, control: controlPort });
    await until(() => service.notReady === undefined);
    assert.equal((await stage.reportOnce(1)).port, 1);
    // the swap that could not be confirmed was ordered all the same: it rolls forward
    assert.equal(stage.hosts.edge2.got.all.length, 1);
    const check = await api.call('GET', '/v1/check', { answer: switchCheck });
    assert.deepEqual([check.connected, check.missing, check.foreign], [true, 0, 0]);
  });

  it('keeps the newest change of a vehicle while the manager is away', async () => {
    const { api, service } = await stage.openApp();
    await stage.install(api);
    stage.manager.away = true;
    await stage.report(1);
    await until(() => service.active.reporter.waiting === 1);
    await stage.report(2);
    await until(() => service.active.vehicles.named('car-1').state.at === 'attached');
    stage.manager.away = false;
    const change = await stage.manager.reports.next();
    assert.deepEqual([change.from, change.to.port], [undefined, 2]);
    await until(() => service.active.reporter.waiting === 0);
  });
});
