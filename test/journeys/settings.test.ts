import assert from 'node:assert/strict';
import { z } from 'zod';
import { HttpClient } from '../../protocol/api/http-client.js';
import { settingsRecord, type SettingsRecord } from '../../protocol/api/md-manager.js';
import { reportedSettings, type VehicleSettings } from '../../protocol/settings.js';
import { Journey } from './harness.js';

const DEVICE = 'device-car-1';
const SETTINGS = '/v1/vehicles/car-1/settings';

const agentStatus = z.object({
  boot: z.int(),
  settings: reportedSettings,
  car: z.object({ rates: z.record(z.string(), z.object({ wantedHz: z.number() })).default({}) }).optional(),
});
const deviceStatus = z.object({ agents: z.array(agentStatus).length(1) });
type AgentStatus = z.infer<typeof agentStatus>;

describe('settings of a car that drives', () => {
  let journey: Journey;
  let device: HttpClient;
  before(async () => {
    journey = await Journey.open();
    device = new HttpClient(journey.system.vehicles[0]?.status ?? '');
  });
  after(async () => {
    await device?.[Symbol.asyncDispose]();
    await journey?.[Symbol.asyncDispose]();
  });

  const put = (body: VehicleSettings): Promise<SettingsRecord> =>
    journey.manager.call('PUT', SETTINGS, { body, answer: settingsRecord });
  /** What the operator sees once the car has answered to a version. */
  const answered = (version: number): Promise<SettingsRecord> =>
    journey.until(`the car answers to version ${version}`, async () => {
      const record = await journey.manager.call('GET', SETTINGS, { answer: settingsRecord });
      return record.state !== 'pending' && record.reported?.version === version && record;
    });
  /** What the agent tells of itself; a machine that is busy, or an agent that has just begun, is asked again. */
  const agent = (): Promise<AgentStatus> =>
    journey.until('the agent tells', async () => {
      const answer = await device.call('GET', '/v1/status', { answer: deviceStatus }).catch(() => undefined);
      return answer?.agents[0];
    });
  /** What is asked of the car, by wire name: the rate that is wanted. */
  const asked = (): Promise<Readonly<Record<string, number>>> =>
    journey.until('the car is asked', async () => {
      const rates = Object.entries((await agent()).car?.rates ?? {});
      return rates.length > 0 && Object.fromEntries(rates.map(([wire, { wantedHz }]) => [wire, wantedHz]));
    });

  it('are applied by the agent that runs, which says so', async () => {
    const before = await agent();
    assert.deepEqual([before.settings.version, (await asked())['ect']], [0, 0.05]);
    const body = {
      tiers: { fastMs: 500 },
      rates: { 'Vehicle.OBD.EngineSpeed': { tier: 'off' }, 'Vehicle.OBD.CoolantTemperature': { tier: 'medium' } },
      reportIntervalMs: 250,
    } as const;
    assert.equal((await put(body)).state, 'pending');
    const { desired, state } = await answered(1);
    assert.deepEqual([desired.settings, state], [body, 'applied']);
    const { spd, rpm, ect } = await asked();
    assert.deepEqual([spd, rpm, ect], [2, undefined, 1]);
    const { boot, settings } = await agent();
    assert.deepEqual([boot, settings], [before.boot, { version: 1, result: 'applied' }]);
    assert.equal(journey.system.restarts(), 0);
  });

  it('hold through a hand-over, and the new twin tells the car the next ones', async () => {
    await journey.moveTo(0, 'edge-1');
    await journey.actsIn(0, 'edge-1');
    await journey.acknowledges(0);
    const { settings } = await agent();
    assert.deepEqual(settings, { version: 1, result: 'applied' });
    assert.deepEqual((await journey.vehicle(0))?.settings, { version: 1, state: 'applied' });
    await put({ rates: { 'Vehicle.OBD.EngineSpeed': { tier: 'off' } } });
    assert.equal((await answered(2)).state, 'applied');
    const { spd, rpm, ect } = await asked();
    assert.deepEqual([spd, rpm, ect], [5, undefined, 0.05], 'what is not named is as the car has it');
  });

  it('hold through the death of the agent', async () => {
    const { boot } = await agent();
    journey.system.supervisor.kill(DEVICE, 'SIGKILL');
    await journey.system.supervisor.restarted(DEVICE);
    const { spd, rpm } = await asked();
    assert.deepEqual([spd, rpm], [5, undefined]);
    const after = await agent();
    assert.equal(after.boot, boot + 1);
    assert.deepEqual(after.settings, { version: 2, result: 'applied' });
    await journey.acknowledges(0);
  });

  it('wait for a car without radio, of which the newest alone is told when it is back', async () => {
    await journey.move(0, null);
    await put({ reportIntervalMs: 300 });
    assert.equal((await put({ reportIntervalMs: 400 })).state, 'pending');
    assert.deepEqual((await journey.vehicle(0))?.settings, { version: 4, state: 'pending' });
    await journey.moveTo(0, 'edge-2');
    assert.equal((await answered(4)).state, 'applied');
    assert.ok((await asked())['rpm'] !== undefined, 'version 4 says nothing of the engine speed');
  });

  it('are refused with the reason by a car that cannot follow them, which goes on with what it had', async () => {
    const part = journey.system.supervisor.state(DEVICE)!.part;
    await journey.system.supervisor.stop(DEVICE);
    const adapter = part.argv.indexOf('--obd-tcp');
    await journey.system.supervisor.start({ ...part, argv: part.argv.toSpliced(adapter, 2) });
    await put({ tiers: { fastMs: 1_000 }, reportIntervalMs: 60_000 });
    const { state, reported } = await answered(5);
    assert.deepEqual([state, reported?.reason], ['refused', 'no car is read here']);
    await journey.acknowledges(0);
    await put({ reportIntervalMs: 500 });
    assert.equal((await answered(6)).state, 'applied');
  });

  it('and nothing is lost, doubled or left over', () => journey.endsClean());
});
