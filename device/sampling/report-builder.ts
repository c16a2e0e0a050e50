import { signalByWire, type Tier } from '../../protocol/signals.js';
import type { SenmlValue } from '../../protocol/senml.js';
import type { FuelInputs, FuelResult } from './fuel.js';

/** A value and when it was read, monotonic milliseconds. */
export interface Reading {
  readonly name: string;
  readonly value: SenmlValue;
  readonly monoMs: number;
}

/**
 * Least time between two reports of a signal that no request asks for (position, derived values), a little below the
 * tier's period, so that a source that keeps its beat is never skipped. A text goes at once when it changes.
 */
const LEAST_MS: Readonly<Record<Tier, number>> = { fast: 0, medium: 900, slow: 19_900 };

/** Ages up to which readings may go into one fuel figure, by tier. */
const FUEL_AGE_MS: Readonly<Record<Tier, number>> = { fast: 2_000, medium: 5_000, slow: 60_000 };
const FUEL_INPUTS = ['frate', 'maf', 'lam', 'rpm', 'map', 'iat', 'thr', 'load', 'spd'] as const;

/** Collects readings between reports: a report carries the newest value of each signal that was read since the last. */
export class ReportBuilder {
  readonly #deriveFuel: (inputs: FuelInputs) => FuelResult & { readonly label: string };
  readonly #fresh = new Map<string, Reading>();
  readonly #newest = new Map<string, Reading>();
  readonly #reported = new Map<string, Reading>();

  constructor(deriveFuel: (inputs: FuelInputs) => FuelResult & { readonly label: string }) {
    this.#deriveFuel = deriveFuel;
  }

  put(reading: Reading): void {
    const row = signalByWire(reading.name);
    if (row === undefined) return;
    this.#newest.set(reading.name, reading);
    const last = this.#reported.get(reading.name);
    const isDue =
      row.obd !== undefined ||
      last === undefined ||
      reading.monoMs - last.monoMs >= LEAST_MS[row.tier] ||
      (row.kind === 'text' && reading.value !== last.value);
    if (isDue) this.#fresh.set(reading.name, reading);
  }

  newest(name: string): Reading | undefined {
    return this.#newest.get(name);
  }

  /** The samples of the next report, newest first; empty where nothing was read since the last. */
  take(nowMs: number): Reading[] {
    if (this.#fresh.size > 0) this.#derive(nowMs);
    const samples = [...this.#fresh.values()].sort((x, y) => y.monoMs - x.monoMs);
    this.#fresh.clear();
    for (const sample of samples) this.#reported.set(sample.name, sample);
    return samples;
  }

  #derive(nowMs: number): void {
    const inputs: { -readonly [K in keyof FuelInputs]: number } = {};
    let monoMs = -Infinity;
    for (const name of FUEL_INPUTS) {
      const reading = this.#newest.get(name);
      const tier = signalByWire(name)?.tier ?? 'fast';
      if (reading === undefined || typeof reading.value !== 'number') continue;
      if (nowMs - reading.monoMs > FUEL_AGE_MS[tier]) continue;
      inputs[name] = reading.value;
      monoMs = Math.max(monoMs, reading.monoMs);
    }
    // Without any reading of the car there is nothing to say about its engine.
    if (monoMs === -Infinity) return;
    const result = this.#deriveFuel(inputs);
    this.put({ name: 'fuelm', value: result.label, monoMs });
    if (result.method === 'unavailable') return;
    this.put({ name: 'fuel', value: result.fuelLh, monoMs });
    this.put({ name: 'co2', value: result.co2Gs, monoMs });
  }
}
