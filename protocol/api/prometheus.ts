import { z } from 'zod';

/**
 * The part of Prometheus's HTTP API that analytics serves under `/api/v1` about series of vehicles (twin-series.ts): `query`,
 * `query_range`, `labels`, `label/<name>/values`, `series`, `metadata`, `status/buildinfo`, by GET or as a form by POST.
 * Parameters that it does not know are left alone, as Prometheus does.
 */
export const queryParams = z.object({
  query: z.string(),
  /** Unix seconds or RFC 3339; absent: now. */
  time: z.string().optional(),
  timeout: z.string().optional(),
  lookback_delta: z.string().optional(),
});
export type QueryParams = z.infer<typeof queryParams>;

export const rangeParams = z.object({
  query: z.string(),
  start: z.string(),
  end: z.string(),
  /** Seconds, or a duration. */
  step: z.string(),
  timeout: z.string().optional(),
  lookback_delta: z.string().optional(),
});
export type RangeParams = z.infer<typeof rangeParams>;

const matches = z.union([z.string(), z.array(z.string())]).optional();
export const matchParams = z.object({ 'match[]': matches, start: z.string().optional(), end: z.string().optional() });
export type MatchParams = z.infer<typeof matchParams>;
export const seriesParams = matchParams;
export type SeriesParams = MatchParams;
export const metadataParams = z.object({ metric: z.string().optional(), limit: z.string().optional() });

export const prometheusAnswer = z.object({ status: z.literal('success'), data: z.unknown() });

export const prometheusError = z.object({
  status: z.literal('error'),
  errorType: z.enum(['bad_data', 'execution', 'timeout', 'unavailable', 'internal']),
  error: z.string(),
});
export type PrometheusError = z.infer<typeof prometheusError>;
