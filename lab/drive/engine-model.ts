import type { Drive, DriveMoment } from './drive.js';
import { ENGINE, airFlowGs, intakePressureKpa, loadPct, volumetricEfficiency, type EngineSpec } from './engine-air.js';
import { thermalTable, type ThermalSecond } from './engine-thermal.js';

/**
 * What the recording lacks, computed from speed, engine speed and throttle: a naturally aspirated petrol engine as a
 * quasi-static mean-value model. It is a plausible car, not the recorded one: constants are typical values of their
 * sources, and no figure of it is a measurement.
 *
 * - Intake pressure: the pressure at which the flow through the throttle (isentropic, Heywood, Internal Combustion
 *   Engine Fundamentals, 1988, appendix C, eqs. C.8 and C.9) equals what the cylinders draw. Hendricks & Sorenson, Mean
 *   Value Modelling of Spark Ignition Engines, SAE 900616.
 * - Air flow: speed-density (as in enviroCar-app, org.envirocar.core.trackprocessing).
 * - Volumetric efficiency: Heywood §6.2, 0.75 to 0.9, highest in the middle of the range of engine speeds.
 * - Load: SAE J1979 PID 04, air flow over the greatest air flow at this engine speed, corrected for pressure and
 *   temperature.
 * - Temperatures, warm-ups, distance: `engine-thermal.ts`.
 */

/** SAE J1979 PID 51. */
export const FUEL_TYPE_PETROL = 1;

/** What the engine's computer knows at one moment; absent where the recording gives nothing to compute it from. */
export interface CarValues {
  /** Whether the engine turns; decides the board voltage. */
  readonly running: boolean;
  readonly speedKmh?: number;
  readonly engineRpm?: number;
  readonly throttlePct?: number;
  readonly airFlowGs?: number;
  readonly intakePressureKpa?: number;
  readonly intakeC?: number;
  readonly coolantC?: number;
  readonly loadPct?: number;
  readonly barometricKpa?: number;
  readonly ambientC?: number;
  readonly warmUps?: number;
  readonly distanceKm?: number;
  readonly runTimeS?: number;
  readonly lambda?: number;
  readonly fuelType?: number;
  readonly fuelLevelPct?: number;
  readonly voltage: number;
}

/** The engine of one drive: its values at any moment of it. */
export class EngineModel {
  readonly #spec: EngineSpec;
  readonly #drive: Drive;
  readonly #thermal: readonly ThermalSecond[];

  constructor(drive: Drive, spec: EngineSpec = ENGINE) {
    this.#spec = spec;
    this.#drive = drive;
    this.#thermal = thermalTable(drive, spec);
  }

  at(driveMs: number): CarValues {
    const moment = this.#drive.at(driveMs);
    const { speedKmh, engineRpm, throttlePct } = moment;
    // In a gap of the recording nothing is known of the car; its battery is there all the same.
    if (moment.phase === 'silent') return { running: false, voltage: 12.6 };
    const spec = this.#spec;
    const thermal = this.#thermal[moment.second];
    const running = (engineRpm ?? 0) > 0;
    return {
      running,
      voltage: running ? 14.1 : 12.6,
      ambientC: spec.ambientC,
      fuelType: FUEL_TYPE_PETROL,
      fuelLevelPct: spec.fuelLevelPct,
      ...(speedKmh === undefined ? {} : { speedKmh }),
      ...(throttlePct === undefined ? {} : { throttlePct }),
      ...(thermal === undefined ? {} : slowValues(thermal, moment)),
      ...(thermal === undefined || engineRpm === undefined ? {} : engineValues(spec, moment, thermal, engineRpm)),
    };
  }
}

function slowValues(thermal: ThermalSecond, moment: DriveMoment): Partial<CarValues> {
  const { warmUps, distanceKm, barometricKpa: outsideKpa } = thermal;
  const runTimeS = moment.phase === 'driving' ? Math.floor(moment.driveMs / 1_000) : 0;
  return { warmUps, distanceKm, barometricKpa: outsideKpa, runTimeS };
}

function engineValues(spec: EngineSpec, moment: DriveMoment, thermal: ThermalSecond, rpm: number): Partial<CarValues> {
  const { throttlePct } = moment;
  const { coolantC, intakeC, barometricKpa: outsideKpa } = thermal;
  const temperatures = { engineRpm: rpm, coolantC, intakeC };
  if (rpm <= 0) return { ...temperatures, airFlowGs: 0, intakePressureKpa: outsideKpa, loadPct: 0 };
  if (throttlePct === undefined) return temperatures;
  const intakeKpa = intakePressureKpa(spec, rpm, throttlePct, outsideKpa, intakeC);
  const flowGs = airFlowGs(rpm, intakeKpa, intakeC, volumetricEfficiency(rpm), spec.displacementL);
  return {
    ...temperatures,
    airFlowGs: flowGs,
    intakePressureKpa: intakeKpa,
    loadPct: loadPct(spec, rpm, flowGs, outsideKpa),
    // Closed loop holds the stoichiometric mixture; it enriches near full load (Heywood §7.1).
    lambda: throttlePct > 75 ? 0.88 : 1,
  };
}
