import type { SignalState, TrackPoint } from '../../../protocol/api/analytics.js';
import type { HandoverRecord } from '../../../protocol/api/md-manager.js';
import { servingSpans } from './handover-times.js';
import { LATITUDE, LONGITUDE, type Car } from './cars.js';

type Points = readonly (readonly [timeMs: number, value: unknown, ...more: unknown[]])[];

/** Ways drawn behind a car that is replayed, seconds. */
const TRACK_S = 600;

/** The last point at or before a time; -1 where there is none. Points ascend. */
export function indexAt(points: Points, timeMs: number): number {
  let [low, high] = [0, points.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((points[middle]?.[0] ?? Infinity) <= timeMs) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** What one car reported over a past span: asked for any moment of it, it gives the car as it was. */
export class Recording {
  readonly #car: Car;
  readonly #series: ReadonlyMap<string, Points>;
  readonly #track: readonly TrackPoint[];

  constructor(car: Car, series: readonly { readonly path: string; readonly points: Points }[]) {
    this.#car = car;
    this.#series = new Map(series.map(({ path, points }) => [path, points.filter(([, value]) => value !== null)]));
    const longitudes = this.#series.get(LONGITUDE) ?? [];
    this.#track = (this.#series.get(LATITUDE) ?? []).flatMap(([timeMs, latitude]): TrackPoint[] => {
      const longitude = longitudes[indexAt(longitudes, timeMs)]?.[1];
      return typeof latitude === 'number' && typeof longitude === 'number' ? [[timeMs, latitude, longitude]] : [];
    });
  }

  /** When the car was first heard in this span; undefined: it was not. */
  get firstMs(): number | undefined {
    const firsts = [...this.#series.values()].flatMap(points => points[0]?.[0] ?? []);
    return firsts.length === 0 ? undefined : Math.min(...firsts);
  }

  /** The points of a signal, gaps left out; what a chart is made of. */
  points(path: string): Points {
    return this.#series.get(path) ?? [];
  }

  /** The car at a moment: values as they were last reported then, the way up to there, who served it. */
  at(timeMs: number, handovers: readonly HandoverRecord[]): Car {
    const signals = new Map<string, SignalState>();
    for (const [path, state] of this.#car.signals) {
      const point = this.points(path)[indexAt(this.points(path), timeMs)];
      const { value: _value, timeMs: _timeMs, ageMs: _ageMs, ...unsaid } = state;
      const value = point?.[1];
      const known = typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean';
      signals.set(path, point === undefined || !known ? unsaid : { ...unsaid, value, timeMs: point[0] });
    }
    const end = indexAt(this.#track, timeMs) + 1;
    const begin = indexAt(this.#track, timeMs - TRACK_S * 1_000) + 1;
    const domain = servingSpans(handovers, this.#car.serving?.domain, 0, Infinity).find(
      span => span.fromMs <= timeMs && timeMs < span.toMs,
    )?.domain;
    return {
      vehicle: this.#car.vehicle,
      // Hosts and access points of then are not kept for every moment.
      serving: domain === undefined ? undefined : { domain, host: domain },
      stored: this.#car.stored,
      signals,
      track: this.#track.slice(begin, end),
    };
  }
}
