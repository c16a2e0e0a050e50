import { boolean, number, oneOf, type ConfigOf } from '../../common/config.js';
import type { SenmlValue } from '../../protocol/senml.js';
import { FACTOR_SETS, fuelOfCode, fuelRate, type FuelInputs, type FuelResult } from './fuel.js';

export const FUEL_SETTINGS = {
  'fuel.type': { parse: oneOf('auto', 'petrol', 'diesel'), default: 'auto', help: 'auto asks the car (PID 51)' },
  'fuel.displacementL': { parse: number(0.1, 20), optional: true, help: 'for cars without an air flow sensor' },
  'fuel.volumetricEfficiency': { parse: number(0.1, 2), default: '0.85', help: 'for the same' },
  'fuel.factors': { parse: oneOf('envirocar', 'epa'), default: 'envirocar', help: 'kg of CO2 per litre' },
  'fuel.bioShare': {
    parse: number(0, 1),
    default: '0',
    help: 'ethanol in petrol (E10: 0.1) or biodiesel in diesel (B7: 0.07) by volume; a car that tells its ethanol (PID 52) goes by that',
  },
  'fuel.airPerFuel': {
    parse: number(5, 30),
    optional: true,
    help: 'of the fuel of this vehicle: air by mass, stoichiometric',
  },
  'fuel.gPerL': { parse: number(300, 1_200), optional: true, help: 'of the fuel of this vehicle: density' },
  'fuel.co2KgPerL': { parse: number(0.5, 5), optional: true, help: 'of the fuel of this vehicle: CO2 per litre' },
  'fuel.upperBound': {
    parse: boolean,
    default: 'false',
    help: 'a diesel without lambda reports what it burns at most (method upper-bound) instead of nothing',
  },
} as const;

export type FuelConfig = ConfigOf<typeof FUEL_SETTINGS>;

/** A result and the text that tells its method: `maf-lambda/envirocar`. */
export type NamedFuel = FuelResult & { readonly label: string };

/** Fuel rate by the settings; the type of fuel is the car's own word (PID 51) where they leave it to the car. */
export function fuelOf(inputs: FuelInputs, code: SenmlValue | undefined, config: FuelConfig): NamedFuel {
  const configured = config['fuel.type'];
  const [airPerFuel, gPerL, co2KgPerL] = [config['fuel.airPerFuel'], config['fuel.gPerL'], config['fuel.co2KgPerL']];
  const result = fuelRate(inputs, {
    fuel: configured === 'auto' ? fuelOfCode(typeof code === 'number' ? code : undefined) : configured,
    displacementL: config['fuel.displacementL'],
    volumetricEfficiency: config['fuel.volumetricEfficiency'],
    factors: FACTOR_SETS[config['fuel.factors']],
    bioShare: config['fuel.bioShare'],
    own: {
      ...(airPerFuel === undefined ? {} : { airPerFuel }),
      ...(gPerL === undefined ? {} : { gPerL }),
      ...(co2KgPerL === undefined ? {} : { co2KgPerL }),
    },
    upperBound: config['fuel.upperBound'],
  });
  return { ...result, label: result.method === 'unavailable' ? result.method : `${result.method}/${result.constants}` };
}
