/**
 * Fuel rate and CO2 from what the car measures (CONVENTIONS §3, after enviroCar's trackprocessing). A figure always
 * carries its method; a car that cannot be known says `unavailable` instead of a figure.
 */
export type Fuel = 'petrol' | 'diesel';

export type FuelMethod =
  | 'measured' // PID 5E
  | 'maf-lambda' // air flow and commanded equivalence ratio
  | 'maf' // air flow, lambda taken as 1
  | 'speed-density' // air flow from engine speed, pressure and temperature
  | 'fuel-cut'
  | 'unavailable';

export interface FactorSet {
  readonly id: string;
  readonly petrolCo2KgPerL: number;
  readonly dieselCo2KgPerL: number;
}

export const FACTOR_SETS = {
  envirocar: { id: 'envirocar', petrolCo2KgPerL: 2.35, dieselCo2KgPerL: 2.65 },
  /** US EPA fact sheet P100LQ99: 8,887 and 10,180 g per US gallon. */
  epa: { id: 'epa', petrolCo2KgPerL: 2.348, dieselCo2KgPerL: 2.689 },
} as const satisfies Record<string, FactorSet>;

export interface Engine {
  readonly fuel: Fuel | undefined;
  /** For speed-density; unknown where absent. */
  readonly displacementL: number | undefined;
  readonly volumetricEfficiency: number;
  readonly factors: FactorSet;
}

/** Newest readings, in the units of the catalogue; absent where the car has no such sensor or it is too old. */
export interface FuelInputs {
  readonly frate?: number;
  readonly maf?: number;
  readonly lam?: number;
  readonly rpm?: number;
  readonly map?: number;
  readonly iat?: number;
  readonly thr?: number;
  readonly load?: number;
  readonly spd?: number;
}

export type FuelResult =
  | { readonly method: 'unavailable' }
  | { readonly method: Exclude<FuelMethod, 'unavailable'>; readonly fuelLh: number; readonly co2Gs: number };

const PETROL_AFR = 14.7;
const PETROL_G_PER_L = 745;
const DIESEL_AFR = 14.5;
const DIESEL_KG_PER_L = 0.832;
/** PID 44 ends just below 2: such a lambda says "lean", not how lean. */
const LAMBDA_CAP = 1.97;

/** Litres per hour of petrol for an air flow in g/s. */
export const petrolLh = (mafGs: number, lambda: number): number =>
  (mafGs / (PETROL_AFR * lambda) / PETROL_G_PER_L) * 3600;

/** Litres per hour of diesel for an air flow in g/s. */
export const dieselLh = (mafGs: number, lambda: number): number =>
  ((mafGs / 1000 / lambda / DIESEL_AFR) * 3600) / DIESEL_KG_PER_L;

/** Air flow in g/s of a naturally aspirated engine: ideal gas, one intake stroke in two turns. */
export function speedDensityGs(
  rpm: number,
  mapKpa: number,
  iatC: number,
  engine: Pick<Engine, 'volumetricEfficiency'> & { readonly displacementL: number },
): number {
  const MOLAR_MASS_AIR = 28.9644;
  const GAS_CONSTANT = 8.3144621;
  return (
    (((rpm * mapKpa) / (iatC + 273.15) / 120) * engine.volumetricEfficiency * engine.displacementL * MOLAR_MASS_AIR) /
    GAS_CONSTANT
  );
}

/** kg/h per l/h, then g/s. */
export function co2Gs(fuelLh: number, fuel: Fuel, factors: FactorSet): number {
  return (fuelLh * (fuel === 'diesel' ? factors.dieselCo2KgPerL : factors.petrolCo2KgPerL) * 1000) / 3600;
}

const IDLE_RPM = 1_100;

/** Overrun: throttle closed, no load, the wheels turn the engine. */
function isFuelCut({ thr, load, rpm, spd }: FuelInputs): boolean {
  return (
    thr !== undefined &&
    load !== undefined &&
    rpm !== undefined &&
    spd !== undefined &&
    thr < 1 &&
    load < 1 &&
    rpm > IDLE_RPM &&
    spd > 0
  );
}

/** The first method of the chain for which the car gives what it needs. */
export function fuelRate(inputs: FuelInputs, engine: Engine): FuelResult {
  const { fuel, factors } = engine;
  if (fuel === undefined) return { method: 'unavailable' };
  const result = (method: Exclude<FuelMethod, 'unavailable'>, fuelLh: number): FuelResult => ({
    method,
    fuelLh,
    co2Gs: co2Gs(fuelLh, fuel, factors),
  });
  const { frate, maf, lam, rpm, map, iat } = inputs;
  if (frate !== undefined) return result('measured', frate);
  const lambda = lam !== undefined && lam > 0 && lam <= LAMBDA_CAP ? lam : undefined;
  if (fuel === 'diesel') {
    // Lean by nature: without lambda, stoichiometry would over-read by that unknown factor.
    if (maf === undefined || lambda === undefined) return { method: 'unavailable' };
    return isFuelCut(inputs) ? result('fuel-cut', 0) : result('maf-lambda', dieselLh(maf, lambda));
  }
  const density =
    rpm !== undefined && map !== undefined && iat !== undefined && engine.displacementL !== undefined
      ? speedDensityGs(rpm, map, iat, { ...engine, displacementL: engine.displacementL })
      : undefined;
  const air = maf ?? density;
  if (air === undefined) return { method: 'unavailable' };
  if (isFuelCut(inputs)) return result('fuel-cut', 0);
  const method = maf === undefined ? 'speed-density' : lambda === undefined ? 'maf' : 'maf-lambda';
  return result(method, petrolLh(air, lambda ?? 1));
}

/** SAE J1979 PID 51: the codes that are plain petrol or diesel, hybrids by their engine. */
const FUEL_CODES: ReadonlyMap<number, Fuel> = new Map([
  [1, 'petrol'],
  [4, 'diesel'],
  [17, 'petrol'],
  [19, 'diesel'],
]);

export const fuelOfCode = (code: number | undefined): Fuel | undefined =>
  code === undefined ? undefined : FUEL_CODES.get(code);
