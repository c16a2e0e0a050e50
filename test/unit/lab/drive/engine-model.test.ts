import assert from 'node:assert/strict';
import fc from 'fast-check';
import { openDrive } from '../../../../lab/drive/drive-file.js';
import {
  ENGINE,
  airFlowGs,
  barometricKpa,
  intakePressureKpa,
  throttleAreaM2,
  throttleFlowGs,
  volumetricEfficiency,
} from '../../../../lab/drive/engine-air.js';
import { EngineModel } from '../../../../lab/drive/engine-model.js';

const near = (found: number, wanted: number, by: number): void =>
  assert.ok(Math.abs(found - wanted) <= by, `${found} is not ${wanted} ± ${by}`);

describe('the engine model', () => {
  it('agrees with the speed-density check value: 2000 rpm, 50 kPa, 25 °C, 0.85, 1.6 l', () =>
    near(airFlowGs(2_000, 50, 25, 0.85, 1.6), 13.24, 0.005));

  it('has the pressures of the standard atmosphere', () => {
    near(barometricKpa(0), 101.325, 1e-9);
    near(barometricKpa(1_000), 89.87, 0.02);
  });

  it('lets through the throttle what the cylinders draw', () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 600, max: 6_500 }),
        fc.double({ min: 15, max: 85, noNaN: true }),
        (rpm, throttle) => {
          const kpa = intakePressureKpa(ENGINE, rpm, throttle, 98, 30);
          assert.ok(kpa > 0 && kpa < 98);
          const through = throttleFlowGs(throttleAreaM2(ENGINE, throttle), 98, ENGINE.ambientC, kpa);
          const drawn = airFlowGs(rpm, kpa, 30, volumetricEfficiency(rpm), ENGINE.displacementL);
          near(through, drawn, 0.001 * drawn + 0.001);
        },
      ),
    ));

  it('draws more with more throttle, and has less vacuum', () => {
    const kpas = [15, 20, 30, 50, 85].map(throttle => intakePressureKpa(ENGINE, 2_500, throttle, 98, 30));
    assert.deepEqual(
      [...kpas].sort((a, b) => a - b),
      kpas,
    );
  });

  it('idles and runs wide open like an engine', () => {
    near(intakePressureKpa(ENGINE, 700, 16.4, 98, 30), 33, 3);
    near(intakePressureKpa(ENGINE, 4_000, 85, 98, 30), 96.5, 1);
  });

  for (const name of ['drive-06', 'drive-17'])
    it(`warms up once over ${name}, counts the way, and has values only where the recording has them`, async () => {
      const drive = await openDrive(name);
      const engine = new EngineModel(drive);
      const ends = [0, drive.durationMs].map(ms => engine.at(ms));
      assert.equal((ends[1]?.warmUps ?? 0) - (ends[0]?.warmUps ?? 0), 1);
      near((ends[1]?.distanceKm ?? 0) - (ends[0]?.distanceKm ?? 0), drive.lengthM / 1_000, 0.3);
      for (let ms = 0; ms <= drive.durationMs; ms += 1_000) {
        const values = engine.at(ms);
        const moment = drive.at(ms);
        const turning = (moment.engineRpm ?? 0) > 0 && moment.throttlePct !== undefined;
        assert.equal(values.airFlowGs !== undefined, turning);
        assert.equal(values.intakePressureKpa !== undefined, turning);
        assert.equal(values.loadPct !== undefined, turning);
        assert.equal(values.coolantC !== undefined, moment.engineRpm !== undefined);
        if (values.loadPct !== undefined) assert.ok(values.loadPct >= 0 && values.loadPct <= 100);
        if (values.airFlowGs !== undefined) assert.ok(values.airFlowGs > 0.5 && values.airFlowGs < 150);
      }
    });

  it('says nothing within a gap of the recording', async () => {
    const engine = new EngineModel(await openDrive('drive-17'));
    assert.deepEqual(engine.at(249_500), { running: false, voltage: 12.6 });
  });

  it('stands still after the drive with the engine off', async () => {
    const drive = await openDrive('drive-06');
    const values = new EngineModel(drive).at(drive.durationMs + 60_000);
    assert.deepEqual([values.running, values.speedKmh, values.engineRpm, values.airFlowGs], [false, 0, 0, 0]);
  });
});
