import { parser } from '@prometheus-io/lezer-promql';
import { RECORDING_RULES } from '../../dashboards/rules/recording.js';
import { FOREIGN_METRICS } from '../../protocol/metrics/foreign.js';
import { METRICS } from '../../protocol/metrics.js';
import { TWIN_SERIES } from '../../protocol/twin-series.js';
import type { MetricRow } from '../../common/metrics.js';

/** Where an expression is no PromQL; undefined where it is. */
export function parseFault(expr: string): string | undefined {
  let fault: string | undefined;
  parser.parse(expr).iterate({
    enter: node => {
      if (node.type.isError) fault ??= `at ${node.from}: ${expr.slice(node.from, node.from + 20)}`;
    },
  });
  return expr.trim() === '' ? 'empty' : fault;
}

/** Grafana's variables as values that parse: its own are durations, the others words. */
export const withoutVariables = (expr: string): string => expr.replaceAll(/\$__\w+/g, '60s').replaceAll(/\$\w+/g, 'x');

/** Metrics that an expression selects, and labels that it names. */
export function namesIn(expr: string): { metrics: string[]; labels: string[] } {
  const metrics = new Set<string>();
  const labels = new Set<string>();
  parser.parse(expr).iterate({
    enter: node => {
      const text = expr.slice(node.from, node.to);
      if (node.name === 'Identifier' && node.node.parent?.name === 'VectorSelector') metrics.add(text);
      if (node.name === 'LabelName') labels.add(text);
    },
  });
  return { metrics: [...metrics], labels: [...labels] };
}

const TABLES: readonly Readonly<Record<string, MetricRow>>[] = [METRICS, FOREIGN_METRICS];

/** The row that a series comes from: a histogram has three kinds of them. */
function rowOf(series: string): { row: MetricRow; part: string } | undefined {
  const [, base = '', part = ''] = /^(.+?)(_bucket|_sum|_count)?$/.exec(series) ?? [];
  for (const table of TABLES) {
    const own = table[series];
    if (own !== undefined && own.kind !== 'histogram') return { row: own, part: '' };
    const whole = table[base];
    if (part !== '' && whole?.kind === 'histogram') return { row: whole, part };
  }
  return undefined;
}

export const isKnownMetric = (series: string): boolean => rowOf(series) !== undefined;

/** What Prometheus adds when it scrapes: of every target, and of vMD hosts by service discovery. */
const TARGET_LABELS = ['job', 'instance', 'domain', 'host'];

/** Labels that a series can have. */
export function labelsOf(series: string): readonly string[] {
  const twin = (TWIN_SERIES as Readonly<Record<string, { labels: readonly string[] }>>)[series];
  if (twin !== undefined) return twin.labels;
  const rule = (RECORDING_RULES as Readonly<Record<string, { expr: string }>>)[series];
  if (rule !== undefined) {
    const names = namesIn(rule.expr);
    return [...names.labels, ...names.metrics.flatMap(labelsOf)];
  }
  const found = rowOf(series);
  return [...(found?.row.labels ?? []), ...(found?.part === '_bucket' ? ['le'] : []), ...TARGET_LABELS];
}
