import type { Drive } from './drive.js';
import { distanceM } from './geo.js';
import {
  AIR_FUEL_RATIO,
  airFlowGs,
  barometricKpa,
  intakePressureKpa,
  volumetricEfficiency,
  type EngineSpec,
} from './engine-air.js';

/** The slow half of the engine model: one row per second of the recording, worked out once from its beginning. */
export interface ThermalSecond {
  readonly coolantC: number;
  readonly intakeC: number;
  readonly barometricKpa: number;
  /** SAE J1979 PID 30: warm-ups since the codes were cleared. */
  readonly warmUps: number;
  /** SAE J1979 PID 31: distance since the codes were cleared. */
  readonly distanceKm: number;
}

/** Lower heating value of petrol (Heywood table D.4). */
const HEATING_VALUE_J_PER_G = 44_000;
/** Share of the fuel's energy that warms block and coolant at part load (Heywood §12.1: 17 to 26 % at full, more below). */
const COOLANT_SHARE = 0.3;
/** Block, head, oil and coolant of a 2-litre engine, of about 120 kg at 0.6 kJ/(kg·K). */
const HEAT_CAPACITY_J_PER_K = 72_000;
/** What radiator bypass, heater and surface take below the thermostat's opening. */
const LOSS_W_PER_K = 25;
const THERMOSTAT_C = 90;
/** SAE J1979 PID 30: a warm-up is a rise by 22 °C or more that ends at 71 °C or more. */
const WARM_UP_RISE_C = 22;
const WARM_UP_C = 71;
/** Heat that a standing car's engine bay gives its intake air, and how fast it follows. */
const HEAT_SOAK_C = 18;
const HEAT_SOAK_SPEED_KMH = 30;
const INTAKE_LAG_S = 60;
const DEFAULT_ALTITUDE_M = 0;

/** Time steps across gaps of the recording warm nothing; distance goes on by the positions around the gap. */
export function thermalTable(drive: Drive, spec: EngineSpec): readonly ThermalSecond[] {
  let coolantC = spec.startCoolantC;
  let intakeC = spec.ambientC + HEAT_SOAK_C / 2;
  let distanceKm = spec.distanceKm;
  let outsideKpa = barometricKpa(drive.rows.find(row => row.altitudeM !== undefined)?.altitudeM ?? DEFAULT_ALTITUDE_M);
  return drive.rows.map((row, index) => {
    const before = drive.rows[index - 1];
    const spanS = before === undefined ? 0 : (row.timeMs - before.timeMs) / 1_000;
    const stepS = spanS > 1.5 ? 0 : spanS;
    if (row.altitudeM !== undefined) outsideKpa = barometricKpa(row.altitudeM);
    const { engineRpm, throttlePct, speedKmh } = row;
    if (engineRpm !== undefined && engineRpm > 0 && throttlePct !== undefined) {
      const intakeKpa = intakePressureKpa(spec, engineRpm, throttlePct, outsideKpa, intakeC);
      const flow = airFlowGs(engineRpm, intakeKpa, intakeC, volumetricEfficiency(engineRpm), spec.displacementL);
      const heatW = (flow / AIR_FUEL_RATIO) * HEATING_VALUE_J_PER_G * COOLANT_SHARE;
      const lossW = LOSS_W_PER_K * (coolantC - spec.ambientC);
      coolantC = Math.min(THERMOSTAT_C, coolantC + ((heatW - lossW) / HEAT_CAPACITY_J_PER_K) * stepS);
    }
    if (speedKmh !== undefined) {
      const target = spec.ambientC + HEAT_SOAK_C * Math.exp(-speedKmh / HEAT_SOAK_SPEED_KMH);
      intakeC += (target - intakeC) * (1 - Math.exp(-stepS / INTAKE_LAG_S));
    }
    distanceKm += stepKm(drive, index, spanS);
    const warm = coolantC >= WARM_UP_C && coolantC - spec.startCoolantC >= WARM_UP_RISE_C;
    return { coolantC, intakeC, barometricKpa: outsideKpa, warmUps: spec.warmUps + (warm ? 1 : 0), distanceKm };
  });
}

function stepKm(drive: Drive, index: number, spanS: number): number {
  const row = drive.rows[index];
  const before = drive.rows[index - 1];
  if (row === undefined || before === undefined) return 0;
  if (spanS <= 1.5 && row.speedKmh !== undefined && before.speedKmh !== undefined)
    return ((row.speedKmh + before.speedKmh) / 2) * (spanS / 3_600);
  const startMs = drive.rows[0]?.timeMs ?? 0;
  return distanceM(drive.whereabouts(before.timeMs - startMs), drive.whereabouts(row.timeMs - startMs)) / 1_000;
}
