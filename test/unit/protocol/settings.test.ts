import assert from 'node:assert/strict';
import {
  decodeReported,
  encodeReported,
  readWireSettings,
  SETTINGS_MAX_BYTES,
  toWire,
  vehicleSettings,
  type VehicleSettings,
} from '../../../protocol/settings.js';
import { SIGNALS } from '../../../protocol/signals.js';

const SETTINGS: VehicleSettings = {
  tiers: { fastMs: 100 },
  rates: { 'Vehicle.OBD.Speed': { tier: 'fast', priority: 3 }, 'Vehicle.OBD.FuelLevel': { tier: 'off' } },
  thresholds: { 'Vehicle.OBD.EngineSpeed': 50, 'Vehicle.CurrentLocation.Altitude': 2 },
  reportIntervalMs: 1_000,
  batchMax: 8,
  bytesPerKm: 5_000,
};

describe('settings of a vehicle', () => {
  it('have paths in the API and wire names on the way to the car', () => {
    const wire = toWire(vehicleSettings.parse(SETTINGS));
    assert.deepEqual(wire.rates, { spd: { tier: 'fast', priority: 3 }, flvl: { tier: 'off' } });
    assert.deepEqual(wire.thresholds, { rpm: 50, alt: 2 });
    assert.deepEqual(readWireSettings(JSON.parse(JSON.stringify(wire))), { settings: wire });
  });

  for (const [what, settings, reason] of [
    ['a name that nobody knows', { colour: 'red' }, /colour/],
    ['a signal that nobody knows', { thresholds: { xyz: 1 } }, /thresholds.*'xyz' is no signal with numbers/],
    [
      'another rate of what the car is not asked for',
      { rates: { lat: { tier: 'fast' } } },
      /'lat' is no signal of the car/,
    ],
    ['a threshold of a text', { thresholds: { dtc: 1 } }, /'dtc'/],
    ['a number out of range', { reportIntervalMs: 1 }, /reportIntervalMs: /],
    ['no settings at all', 'x', /object/],
  ] as const)
    it(`are refused with a reason for ${what}, all of them`, () => {
      const found = readWireSettings(settings);
      assert.ok('reason' in found);
      assert.match(found.reason, reason);
    });

  it('are refused where they do not fit into an acknowledgement', () => {
    const thresholds = Object.fromEntries(
      SIGNALS.filter(({ kind }) => kind === 'number').map(({ path }) => [path, 0.123456]),
    );
    assert.ok(JSON.stringify(thresholds).length > SETTINGS_MAX_BYTES);
    assert.throws(() => toWire({ thresholds }), { code: 'REQUEST_INVALID' });
  });

  it('are answered by a record of a report', () => {
    for (const reported of [
      { version: 0, result: 'applied' },
      { version: 12, result: 'refused', reason: 'no car, and more' },
    ] as const)
      assert.deepEqual(decodeReported(encodeReported(reported)), reported);
    for (const bad of ['', '1', 'x,applied', '1,done', 7, true]) assert.equal(decodeReported(bad), undefined);
    assert.ok(encodeReported({ version: 1, result: 'refused', reason: 'x'.repeat(999) }).length < 140);
  });
});
