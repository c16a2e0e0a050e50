/** What is known of the requests for slots of one domain. Times are monotonic milliseconds; pure. */
export interface Demand {
  /** Requests, older ones counting less: halved each half-life. */
  readonly weight: number;
  /** Over how much time they are counted, likewise. */
  readonly spanMs: number;
  readonly atMs: number;
  /** What it takes from an order to a ready slot, mean of those seen, newer ones counting more; 0: none was seen. */
  readonly startMs: number;
}

export const noDemand = (atMs: number): Demand => ({ weight: 0, spanMs: 0, atMs, startMs: 0 });

const RECENT_STARTS = 0.2;

/** Time goes by. */
export function aged(demand: Demand, nowMs: number, halfLifeMs: number): Demand {
  const passedMs = nowMs - demand.atMs;
  if (passedMs <= 0) return demand;
  const kept = 0.5 ** (passedMs / halfLifeMs);
  // ∫ of the weight over the time that passed.
  const counted = ((1 - kept) * halfLifeMs) / Math.LN2;
  return { ...demand, weight: demand.weight * kept, spanMs: demand.spanMs * kept + counted, atMs: nowMs };
}

export function requested(demand: Demand, nowMs: number, halfLifeMs: number): Demand {
  const now = aged(demand, nowMs, halfLifeMs);
  return { ...now, weight: now.weight + 1 };
}

export function started(demand: Demand, tookMs: number): Demand {
  const before = demand.startMs === 0 ? tookMs : demand.startMs;
  return { ...demand, startMs: before + (tookMs - before) * RECENT_STARTS };
}

/**
 * Requests per millisecond that are to be reckoned with: the mean, and two standard deviations of what so few requests let one know (for a Poisson
 * count n the deviation is √n), with one request taken as seen, so that a quiet domain is not taken for an empty one.
 */
export function rateOf({ weight, spanMs }: Demand, halfLifeMs: number): number {
  const seen = weight + 1;
  return (seen + 2 * Math.sqrt(seen)) / Math.max(spanMs, halfLifeMs);
}
