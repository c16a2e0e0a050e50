import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard';

/** One query of a dashboard: of a panel, of the marks in all graphs, or of the values of a variable. */
export interface BoardQuery {
  /** `Fleet / Map / A`, for messages. */
  readonly name: string;
  readonly source: string;
  readonly expr: string;
  readonly instant: boolean;
  readonly maxPoints: number;
}

interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly instant?: boolean;
  readonly datasource: { readonly uid: string };
}

export const panelsOf = (board: Dashboard): Panel[] =>
  (board.panels ?? []).filter((panel): panel is Panel => panel.type !== 'row');

export const targetsOf = (panel: Panel): readonly Target[] => (panel.targets ?? []) as unknown as readonly Target[];

/** `metrics` of the reference `${metrics}`. */
export const sourceOf = (uid: string): string => /^\$\{(\w+)\}$/.exec(uid)?.[1] ?? uid;

/** Panels narrower than the page ask for fewer points; Grafana asks for one per pixel, of about 1,600. */
const pointsOf = (panel: Panel): number => Math.round((1_600 * (panel.gridPos?.w ?? 24)) / 24);

export function queriesOf(board: Dashboard): BoardQuery[] {
  const ofPanels = panelsOf(board).flatMap(panel =>
    targetsOf(panel).map(({ refId, expr, instant, datasource }) => ({
      ...{ name: `${board.title} / ${panel.title} / ${refId}`, expr, instant: instant === true },
      ...{ source: sourceOf(datasource.uid), maxPoints: pointsOf(panel) },
    })),
  );
  const ofMarks = (board.annotations.list ?? []).map(({ name, target, datasource }) => ({
    ...{ name: `${board.title} / marks: ${name}`, expr: (target as unknown as Target).expr },
    ...{ instant: false, maxPoints: 1_600 },
    source: sourceOf(datasource?.uid ?? ''),
  }));
  return [...ofPanels, ...ofMarks];
}

/** Series and label of a board's variables. */
export function labelQueriesOf(board: Dashboard): { name: string; source: string; series: string; label: string }[] {
  return (board.templating.list ?? []).flatMap(({ name, type, query, datasource }) => {
    if (type !== 'query') return [];
    const { metric, label } = query as { metric: string; label: string };
    return [{ name, source: sourceOf(datasource?.uid ?? ''), series: metric, label }];
  });
}

/** Steps that Grafana rounds to, seconds (its `roundInterval`, as far as dashboards go). */
const NICE_STEPS_S = [
  1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1_200, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400,
];

/** Step of a query: as many points as the panel has places for, never below the interval of scraping. */
export function stepOf(rangeS: number, maxPoints: number, scrapeS: number): number {
  const wanted = Math.max(rangeS / maxPoints, scrapeS);
  return NICE_STEPS_S.find(step => step >= wanted) ?? 86_400;
}

/** Characters that mean something in a regular expression, as Grafana's Prometheus data source escapes them there. */
const escaped = (value: string): string => value.replaceAll(/[\\^$.|?*+()[\]{}]/g, match => `\\\\${match}`);

/**
 * An expression as Grafana sends it: built-in variables by the range and step, `$name` by its values; of several values,
 * or in a regular expression, alternatives.
 */
export function expanded(
  expr: string,
  times: { readonly rangeS: number; readonly stepS: number; readonly scrapeS: number },
  variables: Readonly<Record<string, readonly string[] | string>>,
): string {
  const { rangeS, stepS, scrapeS } = times;
  const rateS = Math.max(stepS + scrapeS, 4 * scrapeS);
  return expr
    .replaceAll('$__rate_interval', `${rateS}s`)
    .replaceAll('$__interval', `${stepS}s`)
    .replaceAll('$__range', `${rangeS}s`)
    .replaceAll(/\$(\w+)/g, (whole, name: string) => {
      const value = variables[name];
      if (value === undefined) throw new Error(`nothing is known of ${whole} in ${expr}`);
      if (typeof value === 'string') return value;
      return value.length === 1 && value[0] === '.+' ? '.+' : `(${value.map(escaped).join('|')})`;
    });
}
