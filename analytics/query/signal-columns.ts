import type { Report } from '../../protocol/report.js';
import type { SenmlValue } from '../../protocol/senml.js';
import { isPlausible, type SignalRow } from '../../protocol/signals.js';
import type { Point, Span } from './point.js';

/** Samples of one signal as they came. */
class Column {
  readonly times: number[] = [];
  readonly values: SenmlValue[] = [];
  readonly #boots: number[] = [];
  readonly #seqs: number[] = [];
  /** Whether each came later than the one before: then there is nothing to sort. */
  #ascending = true;

  add(timeMs: number, value: SenmlValue, boot: number, seq: number): void {
    if (this.#ascending && timeMs <= (this.times.at(-1) ?? -Infinity)) this.#ascending = false;
    this.times.push(timeMs);
    this.values.push(value);
    this.#boots.push(boot);
    this.#seqs.push(seq);
  }

  points(): Point[] {
    const { times, values } = this;
    const point = (i: number): Point => [times[i] ?? 0, values[i] ?? 0];
    if (this.#ascending) return times.map((_, i) => point(i));
    const rank = (a: number, b: number): number =>
      (times[a] ?? 0) - (times[b] ?? 0) ||
      (this.#boots[a] ?? 0) - (this.#boots[b] ?? 0) ||
      (this.#seqs[a] ?? 0) - (this.#seqs[b] ?? 0);
    const order = Array.from(times, (_, i) => i).sort(rank);
    // Of several samples of one moment the last stands: it has the highest (boot, seq).
    return order.filter((i, k) => times[order[k + 1] ?? -1] !== times[i]).map(point);
  }
}

/**
 * Samples of some signals within a span, both ends included, taken from reports in any order. A value out of the signal's
 * range is no sample.
 */
export class SignalColumns {
  readonly #rows: ReadonlyMap<string, SignalRow>;
  readonly #columns = new Map<string, Column>();
  readonly #span: Span;
  #samples = 0;

  constructor(rows: readonly SignalRow[], span: Span) {
    this.#rows = new Map(rows.map(row => [row.wire, row]));
    this.#span = span;
  }

  /** Samples taken so far. */
  get samples(): number {
    return this.#samples;
  }

  add({ boot, seq, samples }: Report): void {
    for (const { name, timeMs, value } of samples) {
      const row = this.#rows.get(name);
      if (row === undefined || timeMs < this.#span.fromMs || timeMs > this.#span.toMs) continue;
      if (!isPlausible(row, value)) continue;
      const column = this.#columns.get(name) ?? new Column();
      this.#columns.set(name, column);
      column.add(timeMs, value, boot, seq);
      this.#samples++;
    }
  }

  /** Signals that have samples. */
  wires(): string[] {
    return [...this.#columns.keys()];
  }

  /** Ascending by time, each moment once. */
  points(wire: string): Point[] {
    return this.#columns.get(wire)?.points() ?? [];
  }
}
