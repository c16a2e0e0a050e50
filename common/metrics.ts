import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

export interface MetricRow {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels?: readonly string[];
  readonly buckets?: readonly number[];
  /** Label sets that a counter or histogram has from the start, at 0: what never happened is then a number, and the first time counts. */
  readonly starts?: readonly Labels[];
}

export type Labels = Readonly<Record<string, string>>;

/** Metrics of one process, made from a table of names; `text()` is what `/metrics` answers. */
export class Metrics<Name extends string = string> {
  readonly registry = new Registry();
  readonly contentType = this.registry.contentType;
  readonly #tellers: (() => void)[] = [];
  readonly #metrics = new Map<string, Counter | Gauge | Histogram>();

  /** A name outside of `table` is of a part of the program that this process does not run: it is told nowhere. */
  constructor(table: Readonly<Partial<Record<Name, MetricRow>>>, options: { processMetrics?: boolean } = {}) {
    for (const [name, row] of Object.entries<MetricRow | undefined>(table)) {
      if (row === undefined) continue;
      const shape = { name, help: row.help, labelNames: [...(row.labels ?? [])], registers: [this.registry] };
      if (row.kind === 'counter') this.#metrics.set(name, new Counter(shape));
      else if (row.kind === 'gauge')
        this.#metrics.set(name, row.labels === undefined ? untold(new Gauge(shape)) : new Gauge(shape));
      else this.#metrics.set(name, new Histogram({ ...shape, buckets: [...(row.buckets ?? [])] }));
      for (const labels of row.starts ?? []) this.#begin(name, labels);
    }
    if (options.processMetrics) collectDefaultMetrics({ register: this.registry });
  }

  #begin(name: string, labels: Labels): void {
    const metric = this.#metrics.get(name);
    if (metric instanceof Counter) metric.inc(labels, 0);
    else if (metric instanceof Histogram) metric.zero(labels);
  }

  /** Adds to a counter. */
  count(name: Name, labels: Labels = {}, by = 1): void {
    const metric = this.#metrics.get(name);
    if (metric instanceof Counter) metric.inc(labels, by);
  }

  set(name: Name, value: number, labels: Labels = {}): void {
    const metric = this.#metrics.get(name);
    if (metric instanceof Gauge) metric.set(labels, value);
  }

  observe(name: Name, value: number, labels: Labels = {}): void {
    const metric = this.#metrics.get(name);
    if (metric instanceof Histogram) metric.observe(labels, value);
  }

  /** The sum over all label sets of a counter or gauge: for tests and status pages. */
  async total(name: Name): Promise<number> {
    const metric = this.#metrics.get(name);
    if (metric === undefined) return 0;
    const { values } = await metric.get();
    return values.reduce((sum, row) => sum + row.value, 0);
  }

  /** Forgets every label set of a gauge: for lists of which rows come and go. */
  clear(name: Name): void {
    const metric = this.#metrics.get(name);
    if (metric instanceof Gauge) metric.reset();
  }

  /** `tell` is called before each answer: for gauges that nobody has to know in between. */
  beforeText(tell: () => void): void {
    this.#tellers.push(tell);
  }

  text(): Promise<string> {
    for (const tell of this.#tellers) tell();
    return this.registry.metrics();
  }
}

/** A gauge that was never set says nothing: at 0 it would say that something is down, or empty. */
function untold(gauge: Gauge): Gauge {
  gauge.remove();
  return gauge;
}
