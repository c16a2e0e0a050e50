import type { MotionRow } from '../../protocol/api/vmd.js';
import { offset, type Position } from './coverage-map.js';
import type { Motion } from './forecast.js';

/** A receiver's error is some metres; over this way it turns a course by a few degrees at most. */
const BASE_M = 20;
/** A car may have turned since. */
const COURSE_MS = 30_000;
const HEADING_MS = 30_000;

interface Track {
  /** Where its course is taken from. */
  readonly base: Position & { readonly atMs: number };
  readonly course?: { readonly deg: number; readonly atMs: number };
}

/**
 * Where vehicles go, by where they were: a device reports its heading every 20 s alone, its position each second. Times are monotonic
 * milliseconds; pure but for what it remembers.
 */
export class Courses {
  readonly #tracks = new Map<string, Track>();

  /** `undefined` where nobody can tell yet. Call it for each report of a vehicle's motion, newest last. */
  heard(row: MotionRow, nowMs: number): Motion | undefined {
    const { vehicle, latitude, longitude, ageMs, speedKmh, heading } = row;
    const atMs = nowMs - ageMs;
    const before = this.#tracks.get(vehicle);
    const track = trackOf(before, { latitude, longitude, atMs });
    this.#tracks.set(vehicle, track);
    const course = track.course !== undefined && atMs - track.course.atMs <= COURSE_MS ? track.course.deg : undefined;
    const told = heading !== undefined && heading.ageMs <= HEADING_MS ? heading.deg : undefined;
    const headingDeg = course ?? told;
    // Who stands goes nowhere, whatever it looks at.
    if (headingDeg === undefined) return speedKmh === 0 ? { ...row, headingDeg: 0, ageS: 0 } : undefined;
    return { latitude, longitude, headingDeg, speedKmh, ageS: ageMs / 1_000 };
  }
}

function trackOf(before: Track | undefined, now: Track['base']): Track {
  if (before === undefined || now.atMs - before.base.atMs > COURSE_MS) return { base: now };
  const { eastM, northM } = offset(before.base, now);
  if (Math.hypot(eastM, northM) < BASE_M) return before;
  const deg = ((Math.atan2(eastM, northM) * 180) / Math.PI + 360) % 360;
  return { base: now, course: { deg, atMs: now.atMs } };
}
