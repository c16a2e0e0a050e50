import assert from 'node:assert/strict';
import fc from 'fast-check';
import { deviceConfig } from '../../../../device/config.js';
import { fuelOf } from '../../../../device/sampling/fuel-settings.js';
import {
  co2Gs,
  dieselLh,
  FACTOR_SETS,
  fuelOfCode,
  fuelRate,
  lambdaOfVolts,
  petrolLh,
  speedDensityGs,
  type Engine,
  type FuelInputs,
} from '../../../../device/sampling/fuel.js';

const ENGINE: Engine = {
  fuel: 'petrol',
  displacementL: 1.6,
  volumetricEfficiency: 0.85,
  factors: FACTOR_SETS.envirocar,
};
const near = (found: number, wanted: number, by: number): void => assert.ok(Math.abs(found - wanted) <= by, `${found}`);

describe('fuel and CO2', () => {
  it('meets the check values of enviroCar', () => {
    near(petrolLh(10, 1), 3.287, 0.0005);
    near((co2Gs(petrolLh(10, 1), 'petrol', FACTOR_SETS.envirocar) * 3600) / 1000, 7.72, 0.005);
    near(dieselLh(10, 3), 0.995, 0.0005);
    near((co2Gs(dieselLh(10, 3), 'diesel', FACTOR_SETS.envirocar) * 3600) / 1000, 2.64, 0.005);
    near(dieselLh(10, 1), 2.984, 0.0005);
    near(speedDensityGs(2000, 50, 25, { displacementL: 1.6, volumetricEfficiency: 0.85 }), 13.24, 0.02);
  });

  const DIESEL: Engine = { ...ENGINE, fuel: 'diesel' };
  const OVERRUN = { thr: 0, load: 0, rpm: 2500, spd: 60 };

  for (const [what, inputs, engine, method, confidence] of [
    ['a measured rate first', { frate: 2, frg: 1, maf: 10 }, ENGINE, 'measured', 'high'],
    ['a measured mass next', { frg: 1, maf: 10 }, DIESEL, 'measured-mass', 'high'],
    ['air flow with commanded lambda', { maf: 10, lam: 1 }, ENGINE, 'maf-lambda', 'high'],
    ['air flow with lambda of a sensor', { maf: 10, w1l: 1.02 }, ENGINE, 'maf-lambda', 'high'],
    ['air flow alone', { maf: 10 }, ENGINE, 'maf', 'medium'],
    ['the air flow of two sensors', { mafa: 6, mafb: 4 }, ENGINE, 'maf', 'medium'],
    ['speed-density without air flow', { rpm: 2000, map: 50, iat: 25 }, ENGINE, 'speed-density', 'low'],
    ['no fuel on overrun', { maf: 10, ...OVERRUN }, ENGINE, 'fuel-cut', 'medium'],
    [
      'no fuel where the car says so and its throttle never closes',
      { maf: 10, ...OVERRUN, thr: 12, fs1: 4 },
      ENGINE,
      'fuel-cut',
      'medium',
    ],
    ['fuel where only the throttle is closed', { maf: 10, ...OVERRUN, load: 15 }, ENGINE, 'maf', 'medium'],
    ['fuel at idle', { maf: 3, ...OVERRUN, rpm: 800, spd: 0 }, ENGINE, 'maf', 'medium'],
    ['a diesel with lambda', { maf: 10, lam: 1.5 }, DIESEL, 'maf-lambda', 'medium'],
    ['a diesel by its sensor beyond the cap', { maf: 10, w1l: 1.99, w1v: 0.8 }, DIESEL, 'maf-lambda-volts', 'low'],
    ['nothing for a diesel without lambda', { maf: 10 }, DIESEL, 'unavailable', 'none'],
    ['nothing for a lambda at its cap', { maf: 10, lam: 1.99 }, DIESEL, 'unavailable', 'none'],
    ['nothing beyond the pole of the regression', { maf: 10, w1l: 1.99, w1v: 1.15 }, DIESEL, 'unavailable', 'none'],
    [
      'an upper bound for a diesel where it is wanted',
      { maf: 10 },
      { ...DIESEL, upperBound: true },
      'upper-bound',
      'bound',
    ],
    ['no speed-density for a diesel', { rpm: 2000, map: 50, iat: 25 }, DIESEL, 'unavailable', 'none'],
    [
      'no speed-density without the displacement',
      { rpm: 2000, map: 50, iat: 25 },
      { ...ENGINE, displacementL: undefined },
      'unavailable',
      'none',
    ],
    ['nothing for an unknown fuel', { maf: 10 }, { ...ENGINE, fuel: undefined }, 'unavailable', 'none'],
  ] as const)
    it(`takes ${what}`, () => {
      const result = fuelRate(inputs, engine);
      assert.deepEqual([result.method, result.confidence], [method, confidence]);
      if (result.method !== 'unavailable')
        assert.ok(result.fuelLh >= 0 && result.co2Gs >= 0 && Number.isFinite(result.fuelLh));
    });

  const figures = (inputs: FuelInputs, engine: Engine): { fuelLh: number; co2Gs: number; constants: string } => {
    const result = fuelRate(inputs, engine);
    assert.ok(result.method !== 'unavailable');
    return result;
  };

  it('meets the check values by every way', () => {
    // PID 9D in g/s by the density: 1 g/s of diesel is 3600/832 l/h
    near(figures({ frg: 1 }, DIESEL).fuelLh, 4.327, 0.001);
    near(figures({ frg: 1 }, ENGINE).fuelLh, 4.832, 0.001);
    near(figures({ mafa: 6, mafb: 4 }, ENGINE).fuelLh, 3.287, 0.0005);
    near(figures({ maf: 10, lam: 1.25 }, ENGINE).fuelLh, 3.287 / 1.25, 0.0005);
    near(figures({ rpm: 2000, map: 50, iat: 25 }, ENGINE).fuelLh, petrolLh(13.24, 1), 0.005);
    near(figures({ maf: 10 }, { ...DIESEL, upperBound: true }).fuelLh, 2.984, 0.0005);
    // lambda of 0.8 V: 0.23478 / (0.218911 - 0.14732) = 3.2796
    near(lambdaOfVolts(0.8) ?? 0, 3.2796, 0.001);
    assert.equal(lambdaOfVolts(1.1), undefined);
    assert.equal(lambdaOfVolts(1.18875), undefined);
  });

  it('knows E10, B7, what the car tells of its ethanol, and the constants of the vehicle', () => {
    // E10 by mass: 670.5 g petrol, 78.9 g ethanol: 14.100 air per fuel, 749.4 g/l, 2.2657 kg/l
    const e10 = figures({ maf: 10 }, { ...ENGINE, bioShare: 0.1 });
    near(e10.fuelLh, (10 / 14.1 / 749.4) * 3600, 0.001);
    near((e10.co2Gs * 3.6) / e10.fuelLh, 2.2657, 0.0005);
    assert.equal(e10.constants, 'envirocar+bio10');
    assert.deepEqual(figures({ maf: 10, eth: 10 }, ENGINE), e10);
    const b7 = figures({ maf: 10, lam: 1.5 }, { ...DIESEL, bioShare: 0.07 });
    assert.ok(b7.fuelLh > 2.984 / 1.5 && b7.fuelLh < 1.01 * (2.984 / 1.5));
    const own = figures({ maf: 10 }, { ...ENGINE, own: { airPerFuel: 14, gPerL: 750, co2KgPerL: 2.3 } });
    near(own.fuelLh, (10 / 14 / 750) * 3600, 1e-9);
    near((own.co2Gs * 3.6) / own.fuelLh, 2.3, 1e-9);
    assert.equal(own.constants, 'envirocar+own');
  });

  it('never gives a figure that is none, whatever the car tells', () =>
    fc.assert(
      fc.property(
        fc.record(
          { maf: fc.double({ min: 0, max: 600, noNaN: true }), lam: fc.double({ min: 0, max: 2, noNaN: true }) },
          { requiredKeys: [] },
        ),
        fc.constantFrom<'petrol' | 'diesel'>('petrol', 'diesel'),
        (inputs, fuel) => {
          const given = Object.fromEntries(Object.entries(inputs).filter(([, value]) => value !== undefined));
          const result = fuelRate(given, { ...ENGINE, fuel });
          if (result.method === 'unavailable') return;
          assert.ok(Number.isFinite(result.fuelLh) && result.fuelLh >= 0);
          if (fuel === 'diesel') assert.notEqual(result.method, 'maf');
        },
      ),
    ));

  it('names method and constants, and leaves the fuel to the car where it may', () => {
    const config = deviceConfig({
      argv: ['--vehicle', 'car-1', '--state', 's', '--manager-url', 'http://127.0.0.1:1', '--fuel-bio-share', '0.05'],
      env: {},
    });
    assert.equal(fuelOf({ maf: 10, lam: 1 }, 1, config).label, 'maf-lambda/envirocar+bio5');
    assert.equal(fuelOf({ maf: 10 }, 4, config).label, 'unavailable');
    assert.equal(fuelOf({ maf: 10 }, undefined, config).label, 'unavailable');
  });

  for (const [code, fuel] of [
    [1, 'petrol'],
    [4, 'diesel'],
    [5, undefined],
    [8, undefined],
    [17, 'petrol'],
    [19, 'diesel'],
    [23, 'diesel'],
  ] as const)
    it(`knows fuel type ${code} as ${fuel ?? 'none that it can calculate with'}`, () =>
      assert.equal(fuelOfCode(code), fuel));
});
