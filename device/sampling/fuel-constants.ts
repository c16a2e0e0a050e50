/** What a fuel is, for the sums of `fuel.ts`. */
export type Fuel = 'petrol' | 'diesel';

export interface FuelConstants {
  /** Mass of air per mass of fuel, stoichiometric. */
  readonly airPerFuel: number;
  readonly gPerL: number;
  readonly co2KgPerL: number;
}

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

/** enviroCar, package org.envirocar.core.trackprocessing (CONVENTIONS §3). */
export const PETROL = { airPerFuel: 14.7, gPerL: 745 } as const;
export const DIESEL = { airPerFuel: 14.5, gPerL: 832 } as const;
/** C2H5OH burnt whole: 96.0 g of oxygen (23.14 % of air) and 88.0 g of CO2 for 46.07 g; 789 g/l. */
export const ETHANOL: FuelConstants = { airPerFuel: 9.0, gPerL: 789, co2KgPerL: 1.507 };
/** Methyl oleate, C19H36O2, for biodiesel: 864 g of oxygen and 836 g of CO2 for 296.5 g; 880 g/l. */
export const BIODIESEL: FuelConstants = { airPerFuel: 12.6, gPerL: 880, co2KgPerL: 2.481 };

/** A mixture by volume: masses add up, and so does the air that each needs. */
export function blend(base: FuelConstants, other: FuelConstants, share: number): FuelConstants {
  const part = Math.min(1, Math.max(0, share));
  const [baseG, otherG] = [(1 - part) * base.gPerL, part * other.gPerL];
  const gPerL = baseG + otherG;
  return {
    airPerFuel: (baseG * base.airPerFuel + otherG * other.airPerFuel) / gPerL,
    gPerL,
    co2KgPerL: (1 - part) * base.co2KgPerL + part * other.co2KgPerL,
  };
}

export interface FuelChoice {
  readonly fuel: Fuel;
  readonly factors: FactorSet;
  /** Volume of ethanol in petrol (E10: 0.1), of biodiesel in diesel (B7: 0.07). */
  readonly bioShare: number;
  /** Of this vehicle, in place of the table's. */
  readonly own: Partial<FuelConstants>;
}

/** The constants to calculate with, the vehicle's own words last. */
export function constantsOf({ fuel, factors, bioShare, own }: FuelChoice): FuelConstants {
  const plain =
    fuel === 'petrol'
      ? { ...PETROL, co2KgPerL: factors.petrolCo2KgPerL }
      : { ...DIESEL, co2KgPerL: factors.dieselCo2KgPerL };
  return { ...blend(plain, fuel === 'petrol' ? ETHANOL : BIODIESEL, bioShare), ...own };
}

/** Names the constants beside each figure: `envirocar`, `envirocar+bio10`, `envirocar+own`. */
export function nameOfConstants({ factors, bioShare, own }: FuelChoice): string {
  const bio = bioShare > 0 ? `+bio${Math.round(100 * bioShare)}` : '';
  return `${factors.id}${bio}${Object.keys(own).length > 0 ? '+own' : ''}`;
}
