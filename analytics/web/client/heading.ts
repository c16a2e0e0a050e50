import type { TrackPoint } from '../../../protocol/api/analytics.js';
import { bearing } from './grid-step.js';

/** Steps shorter than this are noise of the receiver, not a direction; metres. */
const MOVED_M = 4;
/** How far back a direction is looked for: a parked car keeps the one it had. */
const LOOK_BACK = 15;
const M_PER_DEGREE = 111_320;

/** Where a way leads at its end, degrees clockwise from north; undefined where it stood still. */
export function headingOfTrack(track: readonly TrackPoint[], end = track.length): number | undefined {
  const last = track[end - 1];
  if (last === undefined) return undefined;
  const lonM = M_PER_DEGREE * Math.cos((last[1] * Math.PI) / 180);
  for (let at = end - 2; at >= Math.max(0, end - 1 - LOOK_BACK); at--) {
    const [, latitude, longitude] = track[at] ?? last;
    if (Math.hypot((last[1] - latitude) * M_PER_DEGREE, (last[2] - longitude) * lonM) > MOVED_M)
      return bearing([latitude, longitude], [last[1], last[2]]);
  }
  return undefined;
}

/** The same direction, reached from `before` the shorter way round, so that an arrow does not spin through north. */
export const turnTo = (before: number, next: number): number =>
  before + (((((next - before) % 360) + 540) % 360) - 180);
