import { z } from 'zod';
import type { Clock } from '../../common/clock.js';
import { EdgetwinError, messageOf } from '../../common/errors.js';
import type { Log } from '../../common/log.js';
import { version } from '../../common/version.js';
import * as api from '../../protocol/api/prometheus.js';
import { route, type Route } from '../../protocol/api/route.js';
import { TWIN_SERIES } from '../../protocol/twin-series.js';
import { instantData, rangeData } from '../promql/answer.js';
import { openEvaluation } from '../promql/evaluate.js';
import { signatureOf, compareLabels, type Labels } from '../promql/labels.js';
import { durationMs, numberOf } from '../promql/literals.js';
import type { Matcher } from '../promql/matchers.js';
import { parsePromql, typeOf } from '../promql/parse.js';
import { PROMQL_ERRORS, PromqlError, promqlFault } from '../promql/promql-error.js';
import { QuerySlots } from '../promql/query-slots.js';
import { MAX_LOOKBACK_MS } from '../promql/series.js';
import type { TwinSource } from '../promql/twin-source.js';
import { TYPE_WORDS } from '../promql/ast.js';

export interface PrometheusDeps {
  readonly source: TwinSource;
  readonly clock: Clock;
  readonly log: Log;
}

const TIMEOUT_MS = 30_000;
/** As in Prometheus: a point for each pixel of a wide screen is enough. */
const MAX_POINTS = 11_000;
const MAX_VALUES = 20_000_000;
const AT_ONCE = 4;
const MAX_WAITING = 100;
/** The release whose answers these are compared with; clients look at it to learn what may be asked. */
const SPEAKS_AS = '2.42.0';

/**
 * What Grafana's own Prometheus data source asks, about series of vehicles. Answers and errors have Prometheus's form
 * (prometheus.io/docs/prometheus/latest/querying/api).
 */
export function prometheusRoutes(deps: PrometheusDeps): Route[] {
  const slots = new QuerySlots(AT_ONCE, MAX_WAITING);
  const instant = async (params: api.QueryParams): Promise<unknown> => {
    const expr = inParameter('query', () => parsePromql(params.query));
    const timeMs = params.time === undefined ? deps.clock.nowMs() : timeOf('time', params.time);
    return slots.run(async signal => {
      const at = { startMs: timeMs, endMs: timeMs, stepMs: 0 };
      const evaluation = await openEvaluation(expr, at, { ...optionsOf(deps, params), signal });
      return instantData(evaluation.instant(), timeMs);
    }, timeoutOf(params));
  };
  const range = async (params: api.RangeParams): Promise<unknown> => {
    const at = stepsOf(params);
    const expr = inParameter('query', () => parsePromql(params.query));
    const type = typeOf(expr);
    if (type !== 'scalar' && type !== 'vector')
      throw invalid(
        'query',
        `invalid expression type "${TYPE_WORDS[type]}" for range query, must be Scalar or instant Vector`,
      );
    return slots.run(async signal => {
      const evaluation = await openEvaluation(expr, at, { ...optionsOf(deps, params), signal });
      return rangeData(await evaluation.range());
    }, timeoutOf(params));
  };
  const series = (params: api.SeriesParams): Promise<unknown> => {
    const texts = listOf(params['match[]']);
    if (texts.length === 0) throw promqlFault('bad_data', 'no match[] parameter provided');
    return Promise.resolve(labelSets(deps, texts).sort(compareLabels));
  };
  const labels = (params: api.MatchParams): Promise<unknown> => {
    const found = labelSets(deps, listOf(params['match[]']));
    return Promise.resolve([...new Set(found.flatMap(one => Object.keys(one)))].sort());
  };
  return [
    ...both('/api/v1/query', 'PromQL over series of vehicles, at one moment', api.queryParams, instant),
    ...both('/api/v1/query_range', 'PromQL over series of vehicles, step by step', api.rangeParams, range),
    ...both('/api/v1/labels', 'names of labels', api.matchParams, labels),
    ...both('/api/v1/series', 'series that matchers select', api.seriesParams, series),
    prometheusRoute({
      path: '/api/v1/label/{name}/values',
      summary: 'values of a label',
      params: z.strictObject({ name: z.string() }),
      query: api.matchParams,
      handle: ({ params, query }) => {
        const found = labelSets(deps, listOf(query['match[]']));
        return [...new Set(found.flatMap(one => (Object.hasOwn(one, params.name) ? [one[params.name]] : [])))].sort();
      },
    }),
    prometheusRoute({
      path: '/api/v1/metadata',
      summary: 'what the series mean',
      query: api.metadataParams,
      handle: ({ query: { metric } }) =>
        Object.fromEntries(
          Object.entries(TWIN_SERIES)
            .filter(([name]) => metric === undefined || metric === name)
            .map(([name, { help }]) => [name, [{ type: 'gauge', help, unit: '' }]]),
        ),
    }),
    prometheusRoute({
      path: '/api/v1/status/buildinfo',
      summary: 'which Prometheus this speaks as',
      query: z.object({}),
      handle: () => ({
        ...{ version: SPEAKS_AS, revision: `edgetwin ${version()}`, branch: '', buildUser: '', buildDate: '' },
        goVersion: '',
      }),
    }),
  ];

  /** A resource in both ways in which it is asked for: Grafana posts forms. */
  function both<P>(
    path: string,
    summary: string,
    params: z.ZodType<P>,
    answer: (params: P) => Promise<unknown>,
  ): Route[] {
    return [
      prometheusRoute({ path, summary, query: params, handle: ({ query }) => answer(query) }),
      prometheusRoute({ method: 'POST', form: true, path, summary, body: params, handle: ({ body }) => answer(body) }),
    ];
  }

  function prometheusRoute<P, Q, B>(
    row: Partial<Pick<Route<P, Q, B>, 'method' | 'form' | 'params' | 'query' | 'body'>> &
      Pick<Route<P, Q, B>, 'path' | 'summary'> & { handle(input: { params: P; query: Q; body: B }): unknown },
  ): Route {
    return route<P, Q, B, unknown>({
      method: 'GET',
      ...row,
      answer: api.prometheusAnswer,
      refusal: error => refusalOf(error, deps.log),
      handle: async input => ({ status: 'success', data: await row.handle(input) }),
    });
  }
}

function refusalOf(error: unknown, log: Log): { readonly status: number; readonly body: api.PrometheusError } {
  const known = error instanceof PromqlError ? error : asPromqlError(error, log);
  const { errorType, message } = known;
  return { status: PROMQL_ERRORS[errorType], body: { status: 'error', errorType, error: message } };
}

function asPromqlError(error: unknown, log: Log): PromqlError {
  if (error instanceof EdgetwinError)
    return promqlFault(error.status >= 500 ? 'unavailable' : 'bad_data', error.detail);
  const status = typeof error === 'object' && error !== null && 'statusCode' in error ? Number(error.statusCode) : 500;
  if (status < 500) return promqlFault('bad_data', messageOf(error));
  const stack = error instanceof Error ? error.stack : undefined;
  log.error({ event: 'http.failed', path: '/api/v1', error: messageOf(error), stack });
  return promqlFault('internal', 'something failed inside; see the log');
}

const invalid = (name: string, why: string): PromqlError =>
  promqlFault('bad_data', `invalid parameter "${name}": ${why}`);

/** Runs `read`; what is wrong is told with the parameter's name. */
function inParameter<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof PromqlError) throw invalid(name, error.message);
    throw error;
  }
}

const listOf = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value;

/** Unix seconds with fractions, or RFC 3339; in whole milliseconds, as Prometheus counts. */
function timeOf(name: string, text: string): number {
  const seconds = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Date.parse(text) / 1000;
  if (!Number.isFinite(seconds) || Math.abs(seconds) > 8.64e12)
    throw invalid(name, `cannot parse "${text}" to a valid timestamp`);
  return Math.round(seconds * 1000);
}

function durationOf(name: string, text: string): number {
  const ms = durationMs(text) ?? (numberOf(text) ?? NaN) * 1000;
  if (!Number.isFinite(ms)) throw invalid(name, `cannot parse "${text}" to a valid duration`);
  return ms;
}

function stepsOf(params: api.RangeParams) {
  const startMs = timeOf('start', params.start);
  const endMs = timeOf('end', params.end);
  if (endMs < startMs) throw invalid('end', 'end timestamp must not be before start time');
  const stepMs = Math.round(durationOf('step', params.step));
  if (stepMs <= 0)
    throw invalid('step', 'zero or negative query resolution step widths are not accepted. Try a positive integer');
  if ((endMs - startMs) / stepMs > MAX_POINTS)
    throw promqlFault(
      'bad_data',
      'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
    );
  return { startMs, endMs, stepMs };
}

const timeoutOf = ({ timeout }: api.QueryParams | api.RangeParams): number =>
  timeout === undefined ? TIMEOUT_MS : Math.max(1, Math.min(TIMEOUT_MS, durationOf('timeout', timeout)));

function optionsOf({ source }: PrometheusDeps, { lookback_delta: lookback }: api.QueryParams | api.RangeParams) {
  const lookbackMs = lookback === undefined ? undefined : durationOf('lookback_delta', lookback);
  if (lookbackMs !== undefined && (lookbackMs <= 0 || lookbackMs > 12 * MAX_LOOKBACK_MS))
    throw invalid('lookback_delta', 'it is more than 0 and at most 1h');
  return { source, lookbackMs, maxValues: MAX_VALUES };
}

/** Label sets that any of the selectors lets through, each once; all where there is none. */
function labelSets({ source }: PrometheusDeps, selectors: readonly string[]): Labels[] {
  const matchers: (readonly Matcher[] | undefined)[] = selectors.map(text =>
    inParameter('match[]', () => {
      const expr = parsePromql(text);
      if (expr.kind !== 'selector') throw promqlFault('bad_data', `${text} is no series selector`);
      return expr.matchers;
    }),
  );
  const found = (matchers.length === 0 ? [undefined] : matchers).flatMap(some => source.labelSets(some));
  return [...new Map(found.map(labels => [signatureOf(labels), labels])).values()];
}
