import {
  constantsOf,
  DIESEL,
  nameOfConstants,
  PETROL,
  type FactorSet,
  type Fuel,
  type FuelChoice,
} from './fuel-constants.js';

export { FACTOR_SETS, type FactorSet, type Fuel } from './fuel-constants.js';

/**
 * Fuel rate and CO2 from what the car measures (CONVENTIONS §3, after enviroCar's trackprocessing). A figure always
 * carries its method and how far it can be trusted; a car that cannot be known says `unavailable` instead of a figure.
 */
export type FuelMethod =
  | 'measured' // PID 5E
  | 'measured-mass' // PID 9D, by the density of the fuel
  | 'maf-lambda' // air flow and lambda: commanded (44) or of a wide-range sensor (24, 34)
  | 'maf-lambda-volts' // lambda beyond what its PID can say, from the voltage of the sensor
  | 'maf' // air flow, lambda taken as 1
  | 'speed-density' // air flow from engine speed, pressure and temperature
  | 'fuel-cut'
  | 'upper-bound' // diesel without lambda, as if it were 1: never less than this is more
  | 'unavailable';

export type FuelConfidence = 'high' | 'medium' | 'low' | 'bound' | 'none';

const CONFIDENCE: Readonly<Record<FuelMethod, Readonly<Record<Fuel, FuelConfidence>>>> = {
  measured: { petrol: 'high', diesel: 'high' },
  'measured-mass': { petrol: 'high', diesel: 'high' },
  'maf-lambda': { petrol: 'high', diesel: 'medium' },
  'maf-lambda-volts': { petrol: 'low', diesel: 'low' },
  // The car holds lambda near 1, but for warming up and full load.
  maf: { petrol: 'medium', diesel: 'none' },
  'speed-density': { petrol: 'low', diesel: 'none' },
  'fuel-cut': { petrol: 'medium', diesel: 'medium' },
  'upper-bound': { petrol: 'bound', diesel: 'bound' },
  unavailable: { petrol: 'none', diesel: 'none' },
};

export interface Engine {
  readonly fuel: Fuel | undefined;
  /** For speed-density; unknown where absent. */
  readonly displacementL: number | undefined;
  readonly volumetricEfficiency: number;
  readonly factors: FactorSet;
  /** Default 0; where the car tells its ethanol (PID 52), that. */
  readonly bioShare?: number;
  readonly own?: FuelChoice['own'];
  /** Whether a diesel without lambda gives its upper bound instead of nothing. */
  readonly upperBound?: boolean;
}

/** Newest readings, in the units of the catalogue; absent where the car has no such sensor or it is too old. */
export interface FuelInputs {
  readonly frate?: number;
  readonly frg?: number;
  readonly maf?: number;
  readonly mafa?: number;
  readonly mafb?: number;
  readonly lam?: number;
  readonly w1l?: number;
  readonly w1v?: number;
  readonly x1l?: number;
  readonly rpm?: number;
  readonly map?: number;
  readonly iat?: number;
  readonly thr?: number;
  readonly load?: number;
  readonly spd?: number;
  readonly fs1?: number;
  readonly eth?: number;
}
/** Their names, for whoever collects them. */
export const FUEL_INPUTS = [
  ...(['frate', 'frg', 'maf', 'mafa', 'mafb', 'lam', 'w1l', 'w1v', 'x1l'] as const),
  ...(['rpm', 'map', 'iat', 'thr', 'load', 'spd', 'fs1', 'eth'] as const),
] as const satisfies readonly (keyof FuelInputs)[];

export type FuelResult =
  | { readonly method: 'unavailable'; readonly confidence: 'none' }
  | {
      readonly method: Exclude<FuelMethod, 'unavailable'>;
      readonly confidence: FuelConfidence;
      readonly fuelLh: number;
      readonly co2Gs: number;
      /** Which constants: the factor set, and what was changed of it. */
      readonly constants: string;
    };

const UNAVAILABLE = { method: 'unavailable', confidence: 'none' } as const;
/** PIDs 44, 24 and 34 end just below 2: such a lambda says "lean", not how lean. */
const LAMBDA_CAP = 1.97;
/** No engine runs as rich as this; a sensor that is cold or broken says so. */
const LAMBDA_FLOOR = 0.5;
const SECONDS = 3600;

/** Litres per hour of a fuel for an air flow in g/s. */
export const litresPerHour = (
  airGs: number,
  lambda: number,
  { airPerFuel, gPerL }: { readonly airPerFuel: number; readonly gPerL: number },
): number => (airGs / (airPerFuel * lambda) / gPerL) * SECONDS;

/** Litres per hour of petrol for an air flow in g/s, by enviroCar's constants. */
export const petrolLh = (airGs: number, lambda: number): number => litresPerHour(airGs, lambda, PETROL);
/** Litres per hour of diesel for an air flow in g/s, by enviroCar's constants. */
export const dieselLh = (airGs: number, lambda: number): number => litresPerHour(airGs, lambda, DIESEL);

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
  return (fuelLh * (fuel === 'diesel' ? factors.dieselCo2KgPerL : factors.petrolCo2KgPerL) * 1000) / SECONDS;
}

/**
 * Lambda of a lean diesel from the voltage of its wide-range sensor (enviroCar's regression). It has a pole at 1.18875
 * V, and its authors doubt it above 1.1 V: there is no value from there on.
 */
export function lambdaOfVolts(volts: number): number | undefined {
  if (volts >= 1.1) return undefined;
  const lambda = 0.23478 / (0.218911 - 0.18415 * volts);
  return lambda > 0 ? lambda : undefined;
}

const IDLE_RPM = 1_100;
/** SAE J1979 PID 03: "open loop due to engine load or fuel cut due to deceleration". */
const OPEN_LOOP_BY_LOAD = 4;

/** Overrun: throttle closed, no load, the wheels turn the engine. */
function isFuelCut({ thr, load, rpm, spd, fs1 }: FuelInputs): boolean {
  if (rpm === undefined || spd === undefined || rpm <= IDLE_RPM || spd <= 0) return false;
  const isUnloaded = load !== undefined && load < 1;
  if (thr !== undefined && thr < 1 && isUnloaded) return true;
  // Throttles of many cars never read 0: then the control unit's own word counts.
  return isUnloaded && fs1 === OPEN_LOOP_BY_LOAD;
}

const usable = (lambda: number | undefined): lambda is number =>
  lambda !== undefined && lambda >= LAMBDA_FLOOR && lambda <= LAMBDA_CAP;

function airFlow({ maf, mafa, mafb }: FuelInputs): number | undefined {
  return maf ?? (mafa === undefined && mafb === undefined ? undefined : (mafa ?? 0) + (mafb ?? 0));
}

/** The first method of the chain for which the car gives what it needs. */
export function fuelRate(inputs: FuelInputs, engine: Engine): FuelResult {
  const { fuel, factors, own = {} } = engine;
  if (fuel === undefined) return UNAVAILABLE;
  const { frate, frg, eth } = inputs;
  const bioShare = fuel === 'petrol' && eth !== undefined ? eth / 100 : (engine.bioShare ?? 0);
  const choice: FuelChoice = { fuel, factors, bioShare, own };
  const constants = constantsOf(choice);
  const result = (method: Exclude<FuelMethod, 'unavailable'>, fuelLh: number): FuelResult => ({
    method,
    confidence: CONFIDENCE[method][fuel],
    fuelLh,
    co2Gs: (fuelLh * constants.co2KgPerL * 1000) / SECONDS,
    constants: nameOfConstants(choice),
  });
  if (frate !== undefined) return result('measured', frate);
  if (frg !== undefined) return result('measured-mass', (frg * SECONDS) / constants.gPerL);
  const [method, airGs, lambda] = fuel === 'diesel' ? dieselWay(inputs, engine) : petrolWay(inputs, engine);
  if (method === 'unavailable') return UNAVAILABLE;
  if (isFuelCut(inputs)) return result('fuel-cut', 0);
  return result(method, litresPerHour(airGs, lambda, constants));
}

type Way = readonly [method: FuelMethod, airGs: number, lambda: number];
const NO_WAY: Way = ['unavailable', 0, 1];

/** Lean by nature: without lambda, stoichiometry would over-read by that unknown factor. */
function dieselWay(inputs: FuelInputs, { upperBound = false }: Engine): Way {
  const air = airFlow(inputs);
  if (air === undefined) return NO_WAY;
  // What a sensor measures before what was commanded.
  const known = [inputs.w1l, inputs.x1l, inputs.lam];
  const lambda = known.find(usable);
  if (lambda !== undefined) return ['maf-lambda', air, lambda];
  const byVolts =
    known.some(one => one !== undefined) && inputs.w1v !== undefined ? lambdaOfVolts(inputs.w1v) : undefined;
  if (byVolts !== undefined) return ['maf-lambda-volts', air, byVolts];
  return upperBound ? ['upper-bound', air, 1] : NO_WAY;
}

function petrolWay(inputs: FuelInputs, engine: Engine): Way {
  const { rpm, map, iat } = inputs;
  const { displacementL } = engine;
  const lambda = [inputs.lam, inputs.w1l, inputs.x1l].find(usable);
  const air = airFlow(inputs);
  if (air !== undefined) return [lambda === undefined ? 'maf' : 'maf-lambda', air, lambda ?? 1];
  if (rpm === undefined || map === undefined || iat === undefined || displacementL === undefined) return NO_WAY;
  return ['speed-density', speedDensityGs(rpm, map, iat, { ...engine, displacementL }), lambda ?? 1];
}

/** SAE J1979 PID 51: the codes that are plain petrol or diesel, bi-fuel cars and hybrids by the engine that runs. */
const FUEL_CODES: ReadonlyMap<number, Fuel> = new Map([
  [1, 'petrol'],
  [4, 'diesel'],
  [9, 'petrol'],
  [17, 'petrol'],
  [19, 'diesel'],
  [23, 'diesel'],
]);

export const fuelOfCode = (code: number | undefined): Fuel | undefined =>
  code === undefined ? undefined : FUEL_CODES.get(code);
