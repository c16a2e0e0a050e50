import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { sourceRef, type Source } from './names.js';

/** One query of a panel. */
export interface Query {
  readonly expr: string;
  /** Name of its series, with `{{label}}`; absent: the labels. */
  readonly legend?: string;
  /** Absent: `metrics`. */
  readonly from?: Source;
  /**
   * `range` (absent): values over time. `now`: one value for each series, at the end of the range. `table`: the same as rows,
   * a column for each label. `heat`: buckets over time.
   */
  readonly as?: 'range' | 'now' | 'table' | 'heat';
}

export const twins = (expr: string, legend?: string): Query => ({
  expr,
  from: 'twins',
  ...(legend === undefined ? {} : { legend }),
});

/** 0 where nothing was ever counted: series of labels that are not known beforehand begin with their first event. */
export const orZero = (expr: string): string => `(${expr}) or vector(0)`;

/**
 * How much counters rose together in the time shown. Also from nothing: a series whose labels nobody knew beforehand begins
 * at 1, and that first event would be no rise of its own.
 */
export const risen = (selector: string): string => `increase((sum(${selector}) or vector(0))[$__range:$__interval])`;

/** Share of a histogram's observations in time: quantile `q` by `labels`. `range` as in PromQL. */
export const quantile = (q: number, metric: string, labels: readonly string[], range: string, match = ''): string =>
  `histogram_quantile(${q}, sum by (${['le', ...labels].join(', ')}) (rate(${metric}_bucket${match}[${range}])))`;

/** Mean of a histogram's observations in a range, by labels; none where there was no observation. */
export const mean = (metric: string, labels: readonly string[], range: string, match = ''): string => {
  const by = `sum by (${labels.join(', ')})`;
  return `${by} (increase(${metric}_sum${match}[${range}])) / (${by} (increase(${metric}_count${match}[${range}])) > 0)`;
};

/** As the SDK builds it; `refId` A, B, … by place. */
export function target(query: Query, place: number): DataqueryBuilder {
  const built = new DataqueryBuilder()
    .refId(String.fromCharCode(65 + place))
    .expr(query.expr)
    .datasource(sourceRef(query.from ?? 'metrics'));
  if (query.legend !== undefined) built.legendFormat(query.legend);
  switch (query.as ?? 'range') {
    case 'range':
      return built.range().format(PromQueryFormat.TimeSeries);
    case 'now':
      return built.instant().format(PromQueryFormat.TimeSeries);
    case 'table':
      return built.instant().format(PromQueryFormat.Table);
    case 'heat':
      return built.range().format(PromQueryFormat.Heatmap);
  }
}
