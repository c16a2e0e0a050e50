export interface BackoffPlan {
  readonly firstMs: number;
  readonly maxMs: number;
  readonly factor?: number;
  /** Share of each delay that is random, 0 to 1. */
  readonly jitter?: number;
}

/** Delays in milliseconds, growing to `maxMs`, for ever. `random` is uniform in [0, 1). */
export function* backoff(plan: BackoffPlan, random: () => number): Generator<number, never> {
  const { firstMs, maxMs, factor = 2, jitter = 0 } = plan;
  for (let base = firstMs; ; base = Math.min(maxMs, base * factor)) {
    yield base * (1 - jitter + 2 * jitter * random());
  }
}
