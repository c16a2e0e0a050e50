import { signalByWire, type SignalRow, type Tier } from '../../protocol/signals.js';
import { encodeLeftOut } from '../../protocol/budget.js';
import { META } from '../../protocol/report.js';
import { Budget, bytesAtMost, type BudgetRules } from './budget.js';
import { FUEL_INPUTS, type FuelInputs } from './fuel.js';
import type { NamedFuel } from './fuel-settings.js';
import { Odometer } from './odometer.js';
import type { Reading } from './reading.js';

/**
 * Least time between two reports of a signal that no request asks for (position, derived values), a little below the
 * tier's period, so that a source that keeps its beat is never skipped. A text goes at once when it changes.
 */
const LEAST_MS: Readonly<Record<Tier, number>> = { fast: 0, medium: 900, slow: 19_900 };

/**
 * A value that has not changed since it was last reported is reported again after this long (docs/decisions/
 * report-contents.md): within the time for which the twin calls a value of its tier fresh. Slow tiers are read every 20 s.
 */
const REFRESH_MS: Readonly<Record<Tier, number>> = { fast: 2_000, medium: 5_000, slow: 19_000 };

/** Signals that are read at one moment and mean something together only. */
const PAIRS = [
  ['lat', 'lon'],
  ['fuel', 'co2'],
] as const;

/** Ages up to which readings may go into one fuel figure, by tier. */
const FUEL_AGE_MS: Readonly<Record<Tier, number>> = { fast: 2_000, medium: 5_000, slow: 60_000 };

const TIERS: readonly Tier[] = ['fast', 'medium', 'slow'];
/** Of the 1,024 bytes of a report: what identity, times, proof and the records about the reporting leave, with room for half a pair. */
const REPORT_BYTES = 740;
/** Under a budget a value that has not changed is said again this seldom. */
const BUDGET_REFRESH_MS = 60_000;
/** Names that one report tells as left out. */
const LEFT_OUT_MAX = 16;

/** What of the reporting may change while it goes on. */
export interface ReportRules extends BudgetRules {
  /** Least change that is worth a record, by wire name; absent: any. */
  readonly thresholds: ReadonlyMap<string, number>;
}

const ANY_CHANGE: ReportRules = { thresholds: new Map(), bytesPerKm: 0, weightOf: () => 1, bytesOf: () => 0 };

/**
 * Collects readings between reports. A report carries the newest value of each signal that was read since the last one
 * and that changed or is due to be said again; where nothing is, the one that was not said for longest, so that as long
 * as the car is read no report is left out.
 */
export class ReportBuilder {
  readonly #deriveFuel: (inputs: FuelInputs) => NamedFuel;
  /** For the next report. */
  readonly #fresh = new Map<string, Reading>();
  /** Read since the last report, and the same as was reported. */
  readonly #confirmed = new Map<string, Reading>();
  readonly #newest = new Map<string, Reading>();
  readonly #reported = new Map<string, Reading>();
  readonly #odometer = new Odometer();
  readonly #budget = new Budget();
  /** Told as left out, and not said since. */
  readonly #leftOut = new Set<string>();
  #rules: ReportRules;

  constructor(deriveFuel: (inputs: FuelInputs) => NamedFuel, rules: ReportRules = ANY_CHANGE) {
    this.#deriveFuel = deriveFuel;
    this.#rules = rules;
  }

  /** Other rules from now on. */
  setRules(rules: ReportRules): void {
    this.#rules = rules;
  }

  put(reading: Reading): void {
    const row = signalByWire(reading.name);
    if (row === undefined) return;
    this.#newest.set(reading.name, reading);
    this.#odometer.put(reading);
    const last = this.#reported.get(reading.name);
    // What already goes into the next report goes with its newest value, though that may be the one of the last report.
    if (last === undefined || this.#fresh.has(reading.name) || this.#isDue(row, reading, last)) {
      this.#fresh.set(reading.name, reading);
      this.#confirmed.delete(reading.name);
      // What is derived from the readings that it was derived from before is no new word on anything.
    } else if (reading.monoMs > last.monoMs && this.#isSame(reading, last)) this.#confirmed.set(reading.name, reading);
  }

  #isDue(row: SignalRow, reading: Reading, last: Reading): boolean {
    const sinceMs = reading.monoMs - last.monoMs;
    if (this.#isSame(reading, last))
      return sinceMs >= (this.#rules.bytesPerKm > 0 ? BUDGET_REFRESH_MS : REFRESH_MS[row.tier]);
    return row.obd !== undefined || row.kind === 'text' || sinceMs >= LEAST_MS[row.tier];
  }

  #isSame(reading: Reading, last: Reading): boolean {
    if (reading.value === last.value) return true;
    const least = this.#rules.thresholds.get(reading.name) ?? 0;
    return Math.abs(Number(reading.value) - Number(last.value)) < least;
  }

  newest(name: string): Reading | undefined {
    return this.#newest.get(name);
  }

  /** The samples of the next report, newest first; empty where nothing was read since the last. */
  take(nowMs: number): Reading[] {
    if (this.#fresh.size + this.#confirmed.size > 0) this.#derive(nowMs);
    const isUnderBudget = this.#rules.bytesPerKm > 0;
    if (this.#fresh.size === 0 && !isUnderBudget) this.#sayAgain();
    this.#completePairs();
    const samples = (isUnderBudget ? this.#affordable(nowMs) : this.#fitting()).sort((x, y) => y.monoMs - x.monoMs);
    this.#confirmed.clear();
    for (const sample of samples) {
      this.#fresh.delete(sample.name);
      this.#reported.set(sample.name, sample);
    }
    return samples;
  }

  /** What the budget has bytes for, what matters first; and the names of what it has none for, once each. */
  #affordable(nowMs: number): Reading[] {
    const budget = this.#budget;
    budget.driven(this.#odometer.metres, this.#rules);
    const saidAtMs = (name: string): number => this.#reported.get(name)?.monoMs ?? -Infinity;
    const { taken, leftOut } = budget.choose(this.#fitting(), saidAtMs, nowMs, this.#rules);
    const [newest] = taken;
    if (newest === undefined) return [];
    const whole = this.#withPairs(taken);
    for (const { name } of whole) this.#leftOut.delete(name);
    const names = leftOut
      .map(({ name }) => name)
      .filter(name => !this.#leftOut.has(name) && !whole.some(reading => reading.name === name))
      .slice(0, LEFT_OUT_MAX);
    for (const name of names) this.#leftOut.add(name);
    const monoMs = Math.max(...whole.map(reading => reading.monoMs));
    const told = names.length === 0 ? [] : [{ name: META.budget, value: encodeLeftOut(names), monoMs }];
    const samples = [...whole, ...told];
    budget.spend(samples, nowMs, this.#rules);
    return samples;
  }

  /** These were taken and found no way into a report: the next reading of each goes whatever it says. */
  missed(samples: readonly Reading[]): void {
    for (const { name } of samples) this.#reported.delete(name);
  }

  /** Half a position, or a fuel rate without its CO2, would be paired with a value of another moment by whoever reads it. */
  #completePairs(): void {
    for (const pair of PAIRS) {
      const name = pair.find(other => !this.#fresh.has(other));
      const reading = name === undefined ? undefined : this.#newest.get(name);
      if (reading !== undefined && pair.some(other => this.#fresh.get(other)?.monoMs === reading.monoMs))
        this.#fresh.set(reading.name, reading);
    }
  }

  /** What one datagram holds, the fast tiers first, and of a tier what has waited longest. The rest goes next time. */
  #fitting(): Reading[] {
    const rank = (reading: Reading): number => TIERS.indexOf(signalByWire(reading.name)?.tier ?? 'slow');
    const queue = [...this.#fresh.values()].sort((x, y) => rank(x) - rank(y) || x.monoMs - y.monoMs);
    let bytes = 0;
    const count = queue.findIndex(reading => (bytes += bytesAtMost(reading)) > REPORT_BYTES);
    return this.#withPairs(queue.slice(0, count < 0 ? queue.length : count));
  }

  /** With the other halves of pairs. */
  #withPairs(some: readonly Reading[]): Reading[] {
    const taken = new Map(some.map(reading => [reading.name, reading]));
    for (const pair of PAIRS)
      for (const name of pair) {
        const other = this.#fresh.get(name);
        if (other !== undefined && pair.some(one => taken.has(one))) taken.set(name, other);
      }
    return [...taken.values()];
  }

  #sayAgain(): void {
    const saidAtMs = (name: string): number => this.#reported.get(name)?.monoMs ?? -Infinity;
    const [oldest] = [...this.#confirmed.values()].sort((x, y) => saidAtMs(x.name) - saidAtMs(y.name));
    if (oldest !== undefined) this.#fresh.set(oldest.name, oldest);
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
    // Figures by another method than the last ones go with its name, not up to a second behind it.
    if (this.#reported.get('fuelm')?.value !== result.label)
      for (const name of ['fuel', 'co2']) this.#reported.delete(name);
    this.put({ name: 'fuelm', value: result.label, monoMs });
    this.put({ name: 'fuelc', value: result.confidence, monoMs });
    if (result.method === 'unavailable') return;
    this.put({ name: 'fuel', value: result.fuelLh, monoMs });
    this.put({ name: 'co2', value: result.co2Gs, monoMs });
  }
}
