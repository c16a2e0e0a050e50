/** Texts for people. Pure: the viewer's zone and language come from Intl. */
const LABELS: Readonly<Record<string, string>> = { degrees: '°', percent: '%', Celsius: '°C', ratio: '' };
export const unitText = (unit: string): string => LABELS[unit] ?? unit;

/** SAE J1979 PID 0x51, as far as roads know it. */
const FUEL_TYPES: Readonly<Record<number, string>> = {
  1: 'petrol',
  2: 'methanol',
  3: 'ethanol',
  4: 'diesel',
  5: 'LPG',
  6: 'CNG',
  8: 'electric',
  17: 'hybrid petrol',
  18: 'hybrid ethanol',
  19: 'hybrid diesel',
  20: 'hybrid electric',
};

const DECIMALS: Readonly<Record<string, number>> = {
  'g/s': 2,
  'l/h': 2,
  percent: 1,
  ratio: 3,
  degrees: 0,
};

/** A value with the decimals that its unit deserves; no unit. */
export function valueText(path: string, unit: string, value: number | string | boolean | undefined): string {
  if (value === undefined) return '–';
  if (typeof value !== 'number') return String(value);
  if (path === 'Vehicle.OBD.FuelType') return FUEL_TYPES[value] ?? `type ${value}`;
  if (path === 'Vehicle.CurrentLocation.Latitude' || path === 'Vehicle.CurrentLocation.Longitude')
    return value.toFixed(5);
  return value.toLocaleString('en', {
    minimumFractionDigits: DECIMALS[unit] ?? 0,
    maximumFractionDigits: DECIMALS[unit] ?? 0,
    useGrouping: false,
  });
}

/** `0.4 s`, `12 s`, `3 min`, `2 h`, `5 d`. */
export function ageText(ageMs: number): string {
  const s = Math.max(0, ageMs) / 1000;
  if (s < 9.95) return `${s.toFixed(1)} s`;
  if (s < 90) return `${Math.round(s)} s`;
  if (s < 5_400) return `${Math.round(s / 60)} min`;
  if (s < 172_800) return `${Math.round(s / 3_600)} h`;
  return `${Math.round(s / 86_400)} d`;
}

/** A span of a hand-over: `0`, `0.42`, `3.9`, `218`, `41.7 s`. Milliseconds where no unit is named. */
export function phaseText(ms: number): string {
  if (ms === 0) return '0';
  if (ms < 10) return ms.toFixed(2);
  if (ms < 100) return ms.toFixed(1);
  if (ms < 10_000) return ms.toFixed(0);
  return `${(ms / 1000).toFixed(1)} s`;
}

const clockFormat = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
/** Time of day in the viewer's zone. */
export const clockText = (ms: number): string => clockFormat.format(ms);

const zoneFormat = new Intl.DateTimeFormat(undefined, { timeZoneName: 'short', hour: 'numeric' });
export function zoneText(ms: number): string {
  return zoneFormat.formatToParts(ms).find(part => part.type === 'timeZoneName')?.value ?? '';
}

const countFormat = new Intl.NumberFormat(undefined);
export const countText = (n: number): string => countFormat.format(n);
