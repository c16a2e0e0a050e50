import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

export interface MetricRow {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels?: readonly string[];
  readonly buckets?: readonly number[];
}

type Labels = Readonly<Record<string, string>>;

/** Metrics of one process, made from a table of names; `text()` is what `/metrics` answers. */
export class Metrics<Name extends string = string> {
  readonly registry = new Registry();
  readonly contentType = this.registry.contentType;
  readonly #metrics = new Map<string, Counter | Gauge | Histogram>();

  constructor(table: Readonly<Record<Name, MetricRow>>, options: { processMetrics?: boolean } = {}) {
    for (const [name, row] of Object.entries<MetricRow>(table)) {
      const shape = { name, help: row.help, labelNames: [...(row.labels ?? [])], registers: [this.registry] };
      if (row.kind === 'counter') this.#metrics.set(name, new Counter(shape));
      else if (row.kind === 'gauge') this.#metrics.set(name, new Gauge(shape));
      else this.#metrics.set(name, new Histogram({ ...shape, buckets: [...(row.buckets ?? [])] }));
    }
    if (options.processMetrics) collectDefaultMetrics({ register: this.registry });
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

  text(): Promise<string> {
    return this.registry.metrics();
  }
}
