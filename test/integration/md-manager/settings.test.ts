import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { settingsRecord, type SettingsRecord } from '../../../protocol/api/md-manager.js';
import type { DesiredSettings } from '../../../protocol/settings.js';
import { Lab } from './lab.js';

const SETTINGS = { thresholds: { 'Vehicle.OBD.EngineSpeed': 50 }, bytesPerKm: 4_000 };
const WIRE = { thresholds: { rpm: 50 }, bytesPerKm: 4_000 };

const path = (vehicle: string): string => `/v1/vehicles/${vehicle}/settings`;
const put = (lab: Lab, vehicle: string, body: object): Promise<SettingsRecord> =>
  lab.api.call('PUT', path(vehicle), { body, answer: settingsRecord });
const get = (lab: Lab, vehicle: string): Promise<SettingsRecord> =>
  lab.api.call('GET', path(vehicle), { answer: settingsRecord });
const told = (lab: Lab, host: string, vehicle: string): DesiredSettings | undefined =>
  lab.mano.hosts.get(host)?.desired.get(vehicle);

describe('settings of vehicles at md-manager', function () {
  this.timeout(60_000);

  it('reach whoever acts as the twin by wire name, and every twin after it', async () => {
    await using lab = await Lab.open();
    await lab.register('car-1');
    assert.equal((await put(lab, 'car-1', SETTINGS)).state, 'pending');
    const first = await lab.assertOneTwin('car-1');
    await lab.until(() => Promise.resolve(told(lab, first, 'car-1')?.version === 1));
    assert.deepEqual(told(lab, first, 'car-1')?.settings, WIRE);
    const id = randomUUID();
    await lab.move('car-1', 'edge-1', id);
    await lab.ended(id);
    const second = await lab.assertOneTwin('car-1');
    assert.notEqual(second, first);
    await lab.until(() => Promise.resolve(told(lab, second, 'car-1')?.version === 1));
    // A host that is lost hands nothing over.
    await lab.mano.kill(second);
    await lab.until(async () => {
      const { acting, handover } = await lab.vehicle('car-1');
      return acting?.host !== second && handover === undefined;
    });
    const third = await lab.assertOneTwin('car-1');
    await lab.until(() => Promise.resolve(told(lab, third, 'car-1')?.version === 1));
  });

  it('show what the device said, also after a restart of the manager, which tells the twin again', async () => {
    await using lab = await Lab.open();
    await lab.register('car-1');
    await put(lab, 'car-1', SETTINGS);
    const host = await lab.assertOneTwin('car-1');
    const reported = { version: 1, result: 'refused', reason: 'no car is read here' } as const;
    lab.mano.hosts.get(host)!.emit({ type: 'settings', vehicle: 'car-1', reported, atMs: 7 });
    await lab.until(async () => (await get(lab, 'car-1')).state === 'refused');
    assert.deepEqual((await lab.vehicle('car-1')).settings, { version: 1, state: 'refused' });
    await lab.stop();
    lab.mano.hosts.get(host)!.desired.clear();
    await lab.start();
    const { desired, reported: kept, state } = await get(lab, 'car-1');
    assert.deepEqual([desired.version, desired.settings, state], [1, SETTINGS, 'refused']);
    assert.deepEqual(kept, { ...reported, atMs: 7 });
    await lab.until(() => Promise.resolve(told(lab, host, 'car-1')?.version === 1));
    assert.deepEqual([(await put(lab, 'car-1', {})).desired.version, (await get(lab, 'car-1')).state], [2, 'pending']);
    await lab.until(() => Promise.resolve(told(lab, host, 'car-1')?.version === 2));
  });

  it('rise above the version that a device has from elsewhere, so that it takes them', async () => {
    await using lab = await Lab.open();
    await lab.register('car-1');
    await put(lab, 'car-1', SETTINGS);
    const host = await lab.assertOneTwin('car-1');
    const reported = { version: 9, result: 'applied' } as const;
    lab.mano.hosts.get(host)!.emit({ type: 'settings', vehicle: 'car-1', reported, atMs: 7 });
    await lab.until(() => Promise.resolve(told(lab, host, 'car-1')?.version === 10));
    assert.deepEqual((await get(lab, 'car-1')).desired.settings, SETTINGS);
  });

  it('are written though the store loses the answer, once', async () => {
    await using lab = await Lab.open();
    await lab.register('car-1');
    lab.storeFaults.unknown.set('putSettings', ['applied', 'not applied']);
    assert.equal((await put(lab, 'car-1', SETTINGS)).desired.version, 1);
    lab.storeFaults.unknown.set('putSettings', ['not applied']);
    assert.equal((await put(lab, 'car-1', {})).desired.version, 2);
  });

  it('are refused where they are none, do not fit, or the vehicle is unknown', async () => {
    await using lab = await Lab.open();
    await assert.rejects(put(lab, 'car-1', SETTINGS), { code: 'VEHICLE_UNKNOWN' });
    await lab.register('car-1');
    await assert.rejects(get(lab, 'car-1'), { code: 'NOT_FOUND' });
    await assert.rejects(put(lab, 'car-1', { colour: 'red' }), { code: 'REQUEST_INVALID' });
    await assert.rejects(put(lab, 'car-1', { thresholds: { 'Vehicle.Nothing': 1 } }), { code: 'REQUEST_INVALID' });
  });
});
