import { distanceM } from '../gps/distance.js';
import type { Reading } from './reading.js';

/** A speed holds for as long as this at most: what was driven while nobody measured is not guessed. */
const SPEED_HOLDS_MS = 5_000;
/** With a speed this young, positions do not count as well. */
const SPEED_RULES_MS = 30_000;
/** Positions of a car that stands wander by less than this. */
const WANDER_M = 15;

/** Metres driven, by the speed of the car where it tells one, else by positions. Pure. */
export class Odometer {
  #metres = 0;
  #speed: { readonly kmh: number; readonly monoMs: number } | undefined;
  #place: { readonly latitude: number; readonly longitude: number } | undefined;
  #latitude: Reading | undefined;

  get metres(): number {
    return this.#metres;
  }

  /** Readings in the order in which they were made; those of other signals are no news. */
  put({ name, value, monoMs }: Reading): void {
    if (typeof value !== 'number') return;
    if (name === 'spd') this.#drive(value, monoMs);
    else if (name === 'lat') this.#latitude = { name, value, monoMs };
    else if (name === 'lon' && this.#latitude?.monoMs === monoMs)
      this.#move(Number(this.#latitude.value), value, monoMs);
  }

  #drive(kmh: number, monoMs: number): void {
    const before = this.#speed;
    this.#speed = { kmh, monoMs };
    if (before === undefined || monoMs <= before.monoMs) return;
    const hours = Math.min(monoMs - before.monoMs, SPEED_HOLDS_MS) / 3_600_000;
    this.#metres += ((before.kmh + kmh) / 2) * hours * 1_000;
  }

  #move(latitude: number, longitude: number, monoMs: number): void {
    const from = this.#place;
    const movedM = from === undefined ? 0 : distanceM(from.latitude, from.longitude, latitude, longitude);
    if (from !== undefined && movedM < WANDER_M) return;
    this.#place = { latitude, longitude };
    const isMeasured = this.#speed !== undefined && monoMs - this.#speed.monoMs < SPEED_RULES_MS;
    if (!isMeasured) this.#metres += movedM;
  }
}
