import { expanded, stepOf, type BoardQuery } from './grafana-query.js';

type Point = readonly [timeS: number, value: string];

/** One series of an answer: of a range, or of a moment. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly values?: readonly Point[];
  readonly value?: Point;
}

/** Whether a panel would have something to draw: a series of nothing but NaN is an empty panel. */
export const hasNumbers = (series: readonly Series[]): boolean =>
  series.some(({ values = [], value }) =>
    [...values, ...(value === undefined ? [] : [value])].some(([, text]) => text !== 'NaN'),
  );

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data?: { readonly result?: readonly Series[] };
}

/** What a viewer has chosen, and when. */
export interface View {
  readonly fromS: number;
  readonly toS: number;
  readonly scrapeS: number;
  readonly variables: Readonly<Record<string, readonly string[] | string>>;
  /** Base URLs of the data sources. */
  readonly sources: Readonly<Record<string, string>>;
}

/** Asks as Grafana's Prometheus data source does: POST with a form, step and variables as of the panel. Gives the series. */
export async function askAsGrafana(
  { expr, source, instant, maxPoints }: BoardQuery,
  view: View,
): Promise<readonly Series[]> {
  const rangeS = view.toS - view.fromS;
  const stepS = stepOf(rangeS, maxPoints, view.scrapeS);
  const query = expanded(expr, { rangeS, stepS, scrapeS: view.scrapeS }, view.variables);
  // Grafana puts the ends of a range on multiples of the step.
  const onStep = (timeS: number): string => String(Math.floor(timeS / stepS) * stepS);
  const body = new URLSearchParams(
    instant
      ? { query, time: String(view.toS) }
      : { query, start: onStep(view.fromS), end: onStep(view.toS), step: String(stepS) },
  );
  const url = `${view.sources[source]}/api/v1/${instant ? 'query' : 'query_range'}`;
  const response = await fetch(url, { method: 'POST', body });
  const text = await response.text();
  if (!response.ok) throw new Error(`${query}: ${response.status} ${text.slice(0, 300)}`);
  return (JSON.parse(text) as Answer).data?.result ?? [];
}

/** Values of a variable, as Grafana asks for `label_values(series, label)`. */
export async function labelValues(
  { series, label, source }: { series: string; label: string; source: string },
  view: View,
): Promise<string[]> {
  const match = expanded(series, { rangeS: 0, stepS: 0, scrapeS: 0 }, view.variables);
  const params = new URLSearchParams({ 'match[]': match, start: String(view.fromS), end: String(view.toS) });
  const response = await fetch(`${view.sources[source]}/api/v1/label/${label}/values?${params}`);
  if (!response.ok) throw new Error(`${match}: ${response.status} ${await response.text()}`);
  return ((await response.json()) as { data: string[] }).data;
}
