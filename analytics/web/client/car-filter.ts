import { SPEED, carAgeMs, type Car } from './cars.js';

export const FRESH_MS = 5_000;
export const LATE_MS = 30_000;

export type Freshness = 'fresh' | 'late' | 'silent';

/** In three steps: what matters at a glance is who fell silent. */
export const freshness = (ageMs: number | undefined): Freshness =>
  ageMs === undefined || ageMs > LATE_MS ? 'silent' : ageMs > FRESH_MS ? 'late' : 'fresh';

export const STATES = ['all', 'moving', 'still', 'silent'] as const;
export type CarState = (typeof STATES)[number];

export interface CarFilter {
  /** Words, each of which is part of the name, domain, host or access point. */
  readonly text: string;
  readonly state: CarState;
}

export const EVERY_CAR: CarFilter = { text: '', state: 'all' };

/** Slower than this is a receiver's noise, not a drive; km/h. */
const MOVING_KMH = 3;

function stateOf(car: Car, nowMs: number): CarState {
  if (freshness(carAgeMs(car, nowMs)) === 'silent') return 'silent';
  const speed = car.signals.get(SPEED)?.value;
  return typeof speed === 'number' && speed > MOVING_KMH ? 'moving' : 'still';
}

/** The cars that a filter lets through, in their order. */
export function filterCars(cars: readonly Car[], filter: CarFilter, nowMs: number): readonly Car[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0 && filter.state === 'all') return cars;
  return cars.filter(car => {
    if (filter.state !== 'all' && stateOf(car, nowMs) !== filter.state) return false;
    const { serving } = car;
    const said = `${car.vehicle} ${serving?.domain ?? ''} ${serving?.host ?? ''} ${serving?.attachment?.accessPoint ?? ''}`;
    return words.every(word => said.toLowerCase().includes(word));
  });
}
