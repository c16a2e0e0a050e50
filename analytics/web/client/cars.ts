import type { Serving, SignalState, TrackPoint } from '../../../protocol/api/analytics.js';

export interface Car {
  readonly vehicle: string;
  serving: Serving | undefined;
  stored: number;
  readonly signals: Map<string, SignalState>;
  track: TrackPoint[];
}

export const LATITUDE = 'Vehicle.CurrentLocation.Latitude';
export const LONGITUDE = 'Vehicle.CurrentLocation.Longitude';
export const SPEED = 'Vehicle.OBD.Speed';

const order = new Intl.Collator('en', { numeric: true });
const sortedNames = new Map<number, readonly string[]>();
/** Cars are never forgotten, so that their number tells whether an order is still right. */
export function carsByName(cars: ReadonlyMap<string, Car>): readonly Car[] {
  let names = sortedNames.get(cars.size);
  if (names?.every(name => cars.has(name)) !== true) {
    names = [...cars.keys()].sort((a, b) => order.compare(a, b));
    sortedNames.clear();
    sortedNames.set(cars.size, names);
  }
  return names.flatMap(name => cars.get(name) ?? []);
}

/** Age of the newest thing heard of a car. */
export function carAgeMs(car: Car, nowMs: number): number | undefined {
  let newest: number | undefined;
  for (const { timeMs, ageMs } of car.signals.values())
    if (timeMs !== undefined && ageMs !== null && (newest === undefined || timeMs > newest)) newest = timeMs;
  return newest === undefined ? undefined : Math.max(0, nowMs - newest);
}

/** Age and staleness as they are now. `undefined`: never reported; null: of unknown age. */
export function signalAge(signal: SignalState, nowMs: number): { ageMs: number | null | undefined; stale: boolean } {
  if (signal.timeMs === undefined) return { ageMs: undefined, stale: true };
  if (signal.ageMs === null) return { ageMs: null, stale: true };
  const ageMs = Math.max(0, nowMs - signal.timeMs);
  return { ageMs, stale: ageMs > signal.staleAfterMs };
}
