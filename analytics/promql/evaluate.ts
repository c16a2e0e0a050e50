import { aggregate, sortedByValue } from './aggregate.js';
import { selectorsOf, type Call, type Expr, type RangeSelector, type Selector } from './ast.js';
import { evalBinary } from './binary.js';
import { INSTANT_FUNCTIONS } from './instant-functions.js';
import { compareLabels, makeLabels, signatureOf, withoutName, type Labels } from './labels.js';
import { promqlFault } from './promql-error.js';
import { RANGE_FUNCTIONS, type Window } from './range-functions.js';
import { MAX_LOOKBACK_MS, stepCount, type Series, type SeriesSource, type Steps } from './series.js';
import type { Sample, Value } from './vector.js';

/** A result series of a range query. */
export interface ResultSeries {
  readonly labels: Labels;
  readonly points: [timeMs: number, value: number][];
}

export interface EvaluationOptions {
  readonly source: SeriesSource;
  readonly signal: AbortSignal;
  /** In place of what suits each series. */
  readonly lookbackMs?: number | undefined;
  /** Values that one query may compute. */
  readonly maxValues: number;
}

/** Series of a selector with places that move on with the moments of evaluation, which only rise. */
interface Cursor {
  readonly series: Series;
  /** Samples before it lie before the range. */
  first: number;
  /** Samples before it are not newer than the moment. */
  next: number;
}

const STEPS_PER_TURN = 50;

/** Loads what an expression selects, once for all moments of evaluation. */
export async function openEvaluation(expr: Expr, at: Steps, options: EvaluationOptions): Promise<Evaluation> {
  const cursors = new Map<Selector, Cursor[]>();
  const { source, signal, lookbackMs } = options;
  for (const { selector, rangeMs } of selectorsOf(expr)) {
    const { offsetMs } = selector;
    const shifted = { startMs: at.startMs - offsetMs, endMs: at.endMs - offsetMs, stepMs: at.stepMs };
    const fromMs = shifted.startMs - (rangeMs > 0 ? rangeMs : (lookbackMs ?? MAX_LOOKBACK_MS));
    const hints = { fromMs, toMs: shifted.endMs, at: shifted, rangeMs, lookbackMs };
    const series = await source.select(selector.matchers, hints, signal);
    cursors.set(
      selector,
      series.map(one => ({ series: one, first: 0, next: 0 })),
    );
  }
  return new Evaluation(expr, at, cursors, options);
}

/** One query. Evaluates moment by moment, upwards. */
export class Evaluation {
  readonly #expr: Expr;
  readonly #at: Steps;
  readonly #cursors: ReadonlyMap<Selector, Cursor[]>;
  readonly #options: EvaluationOptions;
  #values = 0;

  constructor(expr: Expr, at: Steps, cursors: ReadonlyMap<Selector, Cursor[]>, options: EvaluationOptions) {
    this.#expr = expr;
    this.#at = at;
    this.#cursors = cursors;
    this.#options = options;
  }

  /** The value at the first moment; of a range selector the samples themselves. */
  instant(): Value | { readonly type: 'matrix'; readonly series: readonly ResultSeries[] } {
    const { startMs } = this.#at;
    if (this.#expr.kind === 'range') return { type: 'matrix', series: this.#samplesOf(this.#expr, startMs) };
    const value = this.#eval(this.#expr, startMs);
    if (value.type !== 'vector') return value;
    checkUnique(value.samples);
    const ordered = this.#expr.kind === 'call' && this.#expr.name.startsWith('sort');
    if (ordered || this.#expr.kind === 'aggregate') return value;
    return { type: 'vector', samples: [...value.samples].sort((a, b) => compareLabels(a.labels, b.labels)) };
  }

  /** Series over all moments, in the order of their labels. Gives other work a turn between moments. */
  async range(): Promise<ResultSeries[]> {
    const { startMs, stepMs } = this.#at;
    const found = new Map<string, ResultSeries>();
    const none: Labels = makeLabels({});
    const steps = stepCount(this.#at);
    for (let step = 0; step < steps; step++) {
      const timeMs = startMs + step * stepMs;
      const value = this.#eval(this.#expr, timeMs);
      const samples = value.type === 'scalar' ? [{ labels: none, value: value.value }] : [];
      const all = value.type === 'vector' ? value.samples : samples;
      checkUnique(all);
      for (const { labels, value: number } of all) {
        const key = signatureOf(labels);
        const series = found.get(key);
        if (series === undefined) found.set(key, { labels, points: [[timeMs, number]] });
        else series.points.push([timeMs, number]);
      }
      if (step % STEPS_PER_TURN === STEPS_PER_TURN - 1) {
        await new Promise(resolve => setImmediate(resolve));
        this.#options.signal.throwIfAborted();
      }
    }
    return [...found.values()].sort((a, b) => compareLabels(a.labels, b.labels));
  }

  #eval(expr: Expr, timeMs: number): Value {
    switch (expr.kind) {
      case 'number':
        return { type: 'scalar', value: expr.value };
      case 'string':
        return { type: 'string', value: expr.value };
      case 'selector':
        return { type: 'vector', samples: this.#select(expr, timeMs) };
      case 'range':
        throw promqlFault('bad_data', 'a range vector stands where an instant vector is wanted');
      case 'negate':
        return negated(this.#eval(expr.arg, timeMs));
      case 'call':
        return this.#call(expr, timeMs);
      case 'aggregate': {
        const param = expr.param === undefined ? NaN : this.#scalar(expr.param, timeMs);
        return { type: 'vector', samples: aggregate(expr.op, expr.grouping, this.#vector(expr.arg, timeMs), param) };
      }
      case 'binary':
        return evalBinary(expr, this.#eval(expr.left, timeMs), this.#eval(expr.right, timeMs));
    }
  }

  #vector(expr: Expr | undefined, timeMs: number): readonly Sample[] {
    const value = expr === undefined ? undefined : this.#eval(expr, timeMs);
    return value?.type === 'vector' ? value.samples : [];
  }

  #scalar(expr: Expr | undefined, timeMs: number): number {
    const value = expr === undefined ? undefined : this.#eval(expr, timeMs);
    return value?.type === 'scalar' ? value.value : NaN;
  }

  #spend(values: number): void {
    this.#values += values;
    if (this.#values > this.#options.maxValues)
      throw promqlFault('execution', 'query processing would load too many samples into memory in query execution');
  }

  /** The newest sample of each series that is not older than its lookback. */
  #select(selector: Selector, timeMs: number): Sample[] {
    const found: Sample[] = [];
    const moment = timeMs - selector.offsetMs;
    const cursors = this.#cursors.get(selector) ?? [];
    this.#spend(cursors.length);
    for (const cursor of cursors) {
      const { times, values, labels, lookbackMs } = cursor.series;
      while ((times[cursor.next] ?? Infinity) <= moment) cursor.next++;
      const at = times[cursor.next - 1];
      if (at === undefined || at < moment - lookbackMs) continue;
      found.push({ labels, value: values[cursor.next - 1] ?? NaN, timeMs: at });
    }
    return found;
  }

  /** Samples from range to moment, both included, as Prometheus 2 has it. */
  *#windows({ selector, rangeMs }: RangeSelector, timeMs: number): Generator<Window> {
    const endMs = timeMs - selector.offsetMs;
    const startMs = endMs - rangeMs;
    for (const cursor of this.#cursors.get(selector) ?? []) {
      const { times } = cursor.series;
      while ((times[cursor.first] ?? Infinity) < startMs) cursor.first++;
      while ((times[cursor.next] ?? Infinity) <= endMs) cursor.next++;
      this.#spend(1 + cursor.next - cursor.first);
      if (cursor.next > cursor.first)
        yield { series: cursor.series, from: cursor.first, to: cursor.next, startMs, endMs };
    }
  }

  #samplesOf(expr: RangeSelector, timeMs: number): ResultSeries[] {
    return Array.from(this.#windows(expr, timeMs), ({ series, from, to }) => ({
      labels: series.labels,
      points: Array.from({ length: to - from }, (_, i): [number, number] => [
        series.times[from + i] ?? NaN,
        series.values[from + i] ?? NaN,
      ]),
    })).sort((a, b) => compareLabels(a.labels, b.labels));
  }

  #call({ name, args }: Call, timeMs: number): Value {
    const [first, ...rest] = args;
    if (first?.kind === 'range') return { type: 'vector', samples: this.#overRange(name, first, timeMs) };
    const own = OWN[name];
    if (own !== undefined) return own(this.#argument(first, timeMs), timeMs, first);
    const apply = INSTANT_FUNCTIONS[name]?.each;
    const numbers = rest.map(arg => this.#scalar(arg, timeMs));
    const samples = this.#vector(first, timeMs).map(({ labels, value }) => ({
      labels: withoutName(labels),
      value: apply?.(value, ...numbers) ?? NaN,
    }));
    return { type: 'vector', samples };
  }

  #argument(expr: Expr | undefined, timeMs: number): Value {
    return expr === undefined ? { type: 'scalar', value: NaN } : this.#eval(expr, timeMs);
  }

  #overRange(name: string, range: RangeSelector, timeMs: number): Sample[] {
    const row = RANGE_FUNCTIONS[name];
    const found: Sample[] = [];
    for (const window of this.#windows(range, timeMs)) {
      const value = row?.of(window);
      if (value === undefined) continue;
      const { labels } = window.series;
      found.push({ labels: row?.keepsName === true ? labels : withoutName(labels), value });
    }
    return found;
  }
}

const samplesOf = (value: Value): readonly Sample[] => (value.type === 'vector' ? value.samples : []);

/** Functions that are more than a sum per element. */
const OWN: Readonly<Record<string, (argument: Value, timeMs: number, expr: Expr | undefined) => Value>> = {
  time: (_argument, timeMs) => ({ type: 'scalar', value: timeMs / 1000 }),
  // Of a selector when each sample was taken; what is computed is of now.
  timestamp: (argument, timeMs, expr) => ({
    type: 'vector',
    samples: samplesOf(argument).map(({ labels, timeMs: takenMs }) => ({
      labels: withoutName(labels),
      value: ((expr?.kind === 'selector' ? takenMs : undefined) ?? timeMs) / 1000,
    })),
  }),
  vector: argument => ({
    type: 'vector',
    samples: argument.type === 'scalar' ? [{ labels: makeLabels({}), value: argument.value }] : [],
  }),
  scalar: argument => {
    const [only, more] = samplesOf(argument);
    return { type: 'scalar', value: only !== undefined && more === undefined ? only.value : NaN };
  },
  absent: (argument, _timeMs, expr) => ({
    type: 'vector',
    samples: samplesOf(argument).length > 0 ? [] : [{ labels: labelsOfAbsence(expr), value: 1 }],
  }),
  sort: argument => ({ type: 'vector', samples: sortedByValue(samplesOf(argument), 1) }),
  sort_desc: argument => ({ type: 'vector', samples: sortedByValue(samplesOf(argument), -1) }),
};

/** What is absent, as far as its selector says so by equality. */
function labelsOfAbsence(expr: Expr | undefined): Labels {
  if (expr?.kind !== 'selector') return makeLabels({});
  const equal = expr.matchers.filter(({ name, op }) => op === '=' && name !== '__name__');
  const once = equal.filter(({ name }) => expr.matchers.filter(other => other.name === name).length === 1);
  return makeLabels(Object.fromEntries(once.map(({ name, value }) => [name, value])));
}

function negated(value: Value): Value {
  if (value.type === 'scalar') return { type: 'scalar', value: -value.value };
  const samples = samplesOf(value).map(({ labels, value: number }) => ({
    labels: withoutName(labels),
    value: -number,
  }));
  return { type: 'vector', samples };
}

function checkUnique(samples: readonly Sample[]): void {
  if (new Set(samples.map(({ labels }) => signatureOf(labels))).size < samples.length)
    throw promqlFault('execution', 'vector cannot contain metrics with the same labelset');
}
