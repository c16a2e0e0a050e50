import { percent, wideCelsius, word, long, type Field, type Spec } from './field.js';

export type Make = (at: number, more: { readonly present: number }) => Field;

/** Fields one behind the other from byte B on, each with the next bit of byte A from bit 0 on for "there is one". */
export function row(
  make: Make,
  size: number,
  unit: string,
  names: readonly (readonly [string, string, string])[],
): Spec[] {
  return names.map(([wire, tail, label], at) => [wire, tail, label, unit, make(1 + at * size, { present: at })]);
}

export const kPa32: Make = (at, more) => word(at, 1, 32, 0, more);
export const kPa100: Make = (at, more) => word(at, 1, 100, 0, more);
export const kPaTens: Make = (at, more) => word(at, 10, 1, 0, more);
export const seconds: Make = (at, more) => long(at, 1, 1, 0, more);
export const AB = ['A', 'B'] as const;
/** Bank and sensor, in the order of the fields. */
export const TWO_BY_TWO = [11, 12, 21, 22] as const;
export const spoken = (place: number): string => `bank ${Math.floor(place / 10)} sensor ${place % 10}`;

/** Commanded A, actual A, commanded B, actual B. */
export function commandedAndActual(
  wire: string,
  tail: string,
  label: string,
  make: Make = percent,
  size = 1,
  unit = 'percent',
): Spec[] {
  return row(
    make,
    size,
    unit,
    AB.flatMap(name => [
      [`${wire}c${name}`, `${tail}${name}.Commanded`, `${label} ${name}, commanded`] as const,
      [`${wire}a${name}`, `${tail}${name}.Actual`, `${label} ${name}, actual`] as const,
    ]),
  );
}

/** Four exhaust gas temperatures of a bank, from sensor `first` on (PIDs 78, 79, 98, 99). */
export function exhaustTemperatures(bank: number, first: number): Spec[] {
  return row(
    wideCelsius,
    2,
    'Celsius',
    [0, 1, 2, 3].map(at => {
      const place = bank * 10 + first + at;
      return [`xt${place}`, `ExhaustGasTemperature${place}`, `exhaust gas temperature, ${spoken(place)}`];
    }),
  );
}
