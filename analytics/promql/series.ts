import type { Labels } from './labels.js';
import type { Matcher } from './matchers.js';

/**
 * Samples of one series, ascending by time (Unix milliseconds). Where they are roll-ups, `values` are the last of each span
 * and `rolled` what the span held.
 */
export interface Series {
  readonly labels: Labels;
  readonly times: ArrayLike<number>;
  readonly values: ArrayLike<number>;
  /** How long the last sample stands for the present where none comes. */
  readonly lookbackMs: number;
  readonly rolled?: RolledColumns;
}

export interface RolledColumns {
  readonly counts: ArrayLike<number>;
  readonly sums: ArrayLike<number>;
  readonly mins: ArrayLike<number>;
  readonly maxs: ArrayLike<number>;
}

/** For what a selector will be used: from when to when samples are needed, and at which moments it is evaluated. */
export interface SelectHints {
  readonly fromMs: number;
  readonly toMs: number;
  /** Moments of evaluation, already shifted by the selector's offset. */
  readonly at: Steps;
  /** 0: the newest sample at each moment. */
  readonly rangeMs: number;
  /** Asked for by the caller, in place of what suits the series. */
  readonly lookbackMs: number | undefined;
}

export interface Steps {
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
}

/** Where series come from. Rejects with a PromqlError where they are more than one query may load. */
export interface SeriesSource {
  select(matchers: readonly Matcher[], hints: SelectHints, signal: AbortSignal): Promise<readonly Series[]>;
}

/** Prometheus's lookback: no series stands longer for the present than this. */
export const MAX_LOOKBACK_MS = 300_000;

export const stepCount = ({ startMs, endMs, stepMs }: Steps): number =>
  startMs === endMs ? 1 : Math.floor((endMs - startMs) / stepMs) + 1;
