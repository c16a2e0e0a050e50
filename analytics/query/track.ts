import type { TrackPoint } from '../../protocol/api/analytics.js';
import type { Report } from '../../protocol/report.js';
import { isPlausible, signalByWire } from '../../protocol/signals.js';

/** How much of its way a vehicle leaves behind on the map. */
export const TRACK_MS = 900_000;
export const TRACK_POINTS = 400;
/** Points of all vehicles together in what a reader begins with, and of each at least: enough to see where it is heading. */
const POINTS_IN_ALL = 40_000;
const POINTS_LEAST = 20;

/** How many of its newest points each of so many vehicles is shown with. */
export const pointsEach = (vehicles: number): number =>
  Math.min(TRACK_POINTS, Math.max(POINTS_LEAST, Math.floor(POINTS_IN_ALL / Math.max(1, vehicles))));

/** The position of a report, at the time of its latitude; undefined where it has none. */
export function positionOf(report: Report): TrackPoint | undefined {
  const find = (wire: string): { value: number; timeMs: number } | undefined => {
    const row = signalByWire(wire);
    const sample = report.samples.findLast(({ name }) => name === wire);
    if (row === undefined || sample === undefined || !isPlausible(row, sample.value)) return undefined;
    return { value: Number(sample.value), timeMs: sample.timeMs };
  };
  const latitude = find('lat');
  const longitude = find('lon');
  return latitude && longitude ? [latitude.timeMs, latitude.value, longitude.value] : undefined;
}

/** Adds a point in its place in time; drops what is older than TRACK_MS, and every other old point above the bound. */
export function addToTrack(track: readonly TrackPoint[], point: TrackPoint): TrackPoint[] {
  const at = track.findLastIndex(([timeMs]) => timeMs <= point[0]);
  if (track[at]?.[0] === point[0]) return [...track];
  const longer = [...track.slice(0, at + 1), point, ...track.slice(at + 1)];
  const newestMs = longer.at(-1)?.[0] ?? 0;
  const kept = longer.filter(([timeMs]) => newestMs - timeMs <= TRACK_MS);
  if (kept.length <= TRACK_POINTS) return kept;
  const old = kept.length >> 1;
  return kept.filter((_, i) => i >= old || i % 2 === 0);
}
