import type { Report } from '../../protocol/report.js';
import { isPlausible, signalByWire } from '../../protocol/signals.js';
import { shownNumber } from './shown-value.js';

/** A silence longer than this ends a stretch of the way: it is not drawn across. */
export const WAY_GAP_MS = 60_000;

export interface WayPoint {
  readonly timeMs: number;
  readonly latitude: number;
  readonly longitude: number;
  readonly altitudeM?: number;
  readonly speedKmh?: number;
  readonly headingDeg?: number;
}

/** Places in the order of the reports; those without a place, or with the place and time of the one before, are left out. */
export async function* wayPoints(reports: AsyncIterable<Report>): AsyncGenerator<WayPoint> {
  let beforeMs = -Infinity;
  for await (const report of reports) {
    const point = wayPointOf(report);
    if (point === undefined || point.timeMs <= beforeMs) continue;
    beforeMs = point.timeMs;
    yield point;
  }
}

function wayPointOf({ samples }: Report): WayPoint | undefined {
  const find = (wire: string): { readonly value: number; readonly timeMs: number } | undefined => {
    const row = signalByWire(wire);
    const sample = samples.findLast(({ name }) => name === wire);
    if (row === undefined || sample === undefined || !isPlausible(row, sample.value)) return undefined;
    return { value: shownNumber(wire, Number(sample.value)), timeMs: sample.timeMs };
  };
  const latitude = find('lat');
  const longitude = find('lon');
  if (latitude === undefined || longitude === undefined) return undefined;
  const [altitude, speed, heading] = [find('alt'), find('spd'), find('hdg')];
  return {
    timeMs: latitude.timeMs,
    latitude: latitude.value,
    longitude: longitude.value,
    ...(altitude === undefined ? {} : { altitudeM: altitude.value }),
    ...(speed === undefined ? {} : { speedKmh: speed.value }),
    ...(heading === undefined ? {} : { headingDeg: heading.value }),
  };
}
