import assert from 'node:assert/strict';
import {
  co2Gs,
  dieselLh,
  FACTOR_SETS,
  fuelRate,
  petrolLh,
  speedDensityGs,
  type Engine,
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

  for (const [what, inputs, engine, method] of [
    ['a measured rate first', { frate: 2, maf: 10 }, ENGINE, 'measured'],
    ['air flow with lambda', { maf: 10, lam: 1 }, ENGINE, 'maf-lambda'],
    ['air flow alone', { maf: 10 }, ENGINE, 'maf'],
    ['speed-density without air flow', { rpm: 2000, map: 50, iat: 25 }, ENGINE, 'speed-density'],
    ['no fuel on overrun', { maf: 10, thr: 0, load: 0, rpm: 2500, spd: 60 }, ENGINE, 'fuel-cut'],
    ['a diesel with lambda', { maf: 10, lam: 1.5 }, { ...ENGINE, fuel: 'diesel' }, 'maf-lambda'],
    ['nothing for a diesel without lambda', { maf: 10 }, { ...ENGINE, fuel: 'diesel' }, 'unavailable'],
    ['nothing for a lambda at its cap', { maf: 10, lam: 1.99 }, { ...ENGINE, fuel: 'diesel' }, 'unavailable'],
    ['nothing for an unknown fuel', { maf: 10 }, { ...ENGINE, fuel: undefined }, 'unavailable'],
  ] as const)
    it(`takes ${what}`, () => assert.equal(fuelRate(inputs, engine).method, method));
});
