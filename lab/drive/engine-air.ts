/** A petrol engine as its air sees it: throttle, cylinders and the load that follows. Sources: `engine-model.ts`. */
export interface EngineSpec {
  readonly displacementL: number;
  readonly ambientC: number;
  /** Throttle reading with the plate closed: pedal up, in percent. */
  readonly throttleClosedPct: number;
  /** Throttle reading with the plate fully open, in percent. */
  readonly throttleOpenPct: number;
  /** Effective flow areas (discharge coefficient × opening) of the throttle body in m². */
  readonly closedAreaM2: number;
  readonly openAreaM2: number;
  /** Readings at the drive's beginning. */
  readonly startCoolantC: number;
  readonly warmUps: number;
  readonly distanceKm: number;
  readonly fuelLevelPct: number;
}

export const ENGINE: EngineSpec = {
  displacementL: 2.0,
  ambientC: 22,
  throttleClosedPct: 15,
  throttleOpenPct: 85,
  // Chosen so that it idles near 33 kPa at 700 rpm and reaches 97 % of the outside pressure at 4,000 rpm, fully open.
  closedAreaM2: 1.45e-5,
  openAreaM2: 1.1e-3,
  startCoolantC: 35,
  warmUps: 41,
  distanceKm: 1_204,
  fuelLevelPct: 63,
};

/** Stoichiometric air-fuel ratio of petrol. */
export const AIR_FUEL_RATIO = 14.7;
/** Molar mass of air in g/mol over the gas constant in J/(mol·K): g·K/J, as enviroCar writes it. */
const AIR_OVER_R = 28.9644 / 8.3144621;
const R_AIR = 287.05;
const GAMMA = 1.4;

/** Outside pressure in kPa at a height in metres: ICAO standard atmosphere (Doc 7488), troposphere. */
export const barometricKpa = (altitudeM: number): number => 101.325 * (1 - 2.25577e-5 * altitudeM) ** 5.25588;

export function volumetricEfficiency(rpm: number): number {
  return Math.max(0.7, 0.88 - 0.12 * ((rpm - 3_800) / 3_100) ** 2);
}

/** Air flow in g/s by speed-density. */
export function airFlowGs(
  rpm: number,
  intakeKpa: number,
  intakeC: number,
  efficiency: number,
  displacementL: number,
): number {
  return ((rpm * intakeKpa) / (intakeC + 273.15) / 120) * efficiency * displacementL * AIR_OVER_R;
}

/** Effective area of the throttle in m²; a butterfly opens with 1 − cos of its angle. */
export function throttleAreaM2(spec: EngineSpec, throttlePct: number): number {
  const range = spec.throttleOpenPct - spec.throttleClosedPct;
  const opening = Math.min(1, Math.max(0, (throttlePct - spec.throttleClosedPct) / range));
  return spec.closedAreaM2 + spec.openAreaM2 * (1 - Math.cos((opening * Math.PI) / 2));
}

/** Flow through the throttle in g/s from outside (kPa, °C) to the intake (kPa): choked below 0.528 of the pressure. */
export function throttleFlowGs(areaM2: number, outsideKpa: number, outsideC: number, intakeKpa: number): number {
  const critical = (2 / (GAMMA + 1)) ** (GAMMA / (GAMMA - 1));
  const ratio = Math.min(1, Math.max(critical, intakeKpa / outsideKpa));
  const psi = Math.sqrt(((2 * GAMMA) / (GAMMA - 1)) * (ratio ** (2 / GAMMA) - ratio ** ((GAMMA + 1) / GAMMA)));
  return ((areaM2 * outsideKpa * 1_000) / Math.sqrt(R_AIR * (outsideC + 273.15))) * psi * 1_000;
}

/** Intake pressure in kPa at which throttle and cylinders pass the same air: bisection, the difference falls steadily. */
export function intakePressureKpa(
  spec: EngineSpec,
  rpm: number,
  throttlePct: number,
  outsideKpa: number,
  intakeC: number,
): number {
  const areaM2 = throttleAreaM2(spec, throttlePct);
  const efficiency = volumetricEfficiency(rpm);
  let low = 0;
  let high = outsideKpa;
  for (let i = 0; i < 30; i++) {
    const middle = (low + high) / 2;
    const drawn = airFlowGs(rpm, middle, intakeC, efficiency, spec.displacementL);
    if (throttleFlowGs(areaM2, outsideKpa, spec.ambientC, middle) > drawn) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** SAE J1979 PID 04: share of the greatest air flow at this engine speed, for the outside pressure and temperature. */
export function loadPct(spec: EngineSpec, rpm: number, flowGs: number, outsideKpa: number): number {
  const greatest = airFlowGs(rpm, 101.325, 25, volumetricEfficiency(rpm), spec.displacementL);
  if (greatest <= 0) return 0;
  const corrected = greatest * (outsideKpa / 101.325) * Math.sqrt(298 / (spec.ambientC + 273.15));
  return Math.min(100, (100 * flowGs) / corrected);
}
