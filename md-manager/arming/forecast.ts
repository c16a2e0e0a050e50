import type { AccessPoint } from '../../protocol/topology.js';
import { offset, type CoverageMap, type Offset, type Position } from './coverage-map.js';

/** Which domain a vehicle is about to enter, by where it is and how it moves: pure geometry (docs/decisions/prediction.md). */

export interface Motion extends Position {
  /** Clockwise from north. */
  readonly headingDeg: number;
  readonly speedKmh: number;
  /** How long ago it was there. */
  readonly ageS: number;
}

export interface Forecast {
  readonly domain: string;
  readonly accessPoint: string;
  /** Seconds from now; 0: it is about to happen. */
  readonly inS: number;
}

/** Square of the *strain* of an access point over time, a·t² + b·t + c: the distance as a share of its range; 1 is the edge of its coverage. */
interface Strain {
  readonly point: AccessPoint;
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/**
 * The first access point of another domain than `domain` that serves the vehicle within `horizonS` seconds if it goes straight on: of
 * those that cover a place, the one with the least strain serves. `undefined` where none does.
 */
export function forecast(map: CoverageMap, motion: Motion, domain: string, horizonS: number): Forecast | undefined {
  const speed = motion.speedKmh / 3.6;
  const untilS = motion.ageS + horizonS;
  const near = map.near(motion, speed * untilS);
  if (near.every(point => point.domain === domain)) return undefined;
  const heading = (motion.headingDeg * Math.PI) / 180;
  const way: Offset = { eastM: speed * Math.sin(heading), northM: speed * Math.cos(heading) };
  const strains = near.map(point => strainOf(point, offset(point, motion), way));
  const times = changes(strains, motion.ageS, untilS);
  for (const [at, fromS] of times.entries()) {
    // Between two changes the same one serves.
    const serving = servingAt(strains, (fromS + (times[at + 1] ?? untilS)) / 2);
    if (serving !== undefined && serving.domain !== domain)
      return { domain: serving.domain, accessPoint: serving.id, inS: fromS - motion.ageS };
  }
  return undefined;
}

function strainOf(point: AccessPoint, at: Offset, way: Offset): Strain {
  const square = point.rangeM ** 2;
  return {
    point,
    a: (way.eastM ** 2 + way.northM ** 2) / square,
    b: (2 * (at.eastM * way.eastM + at.northM * way.northM)) / square,
    c: (at.eastM ** 2 + at.northM ** 2) / square,
  };
}

const valueAt = ({ a, b, c }: Strain, t: number): number => (a * t + b) * t + c;

function servingAt(strains: readonly Strain[], t: number): AccessPoint | undefined {
  let best: { readonly point: AccessPoint; readonly value: number } | undefined;
  for (const strain of strains) {
    const value = valueAt(strain, t);
    if (value <= 1 && (best === undefined || value < best.value)) best = { point: strain.point, value };
  }
  return best?.point;
}

/** From `fromS` on, in order: when a coverage begins or ends, and when one becomes better than another. */
function changes(strains: readonly Strain[], fromS: number, untilS: number): number[] {
  const times = [fromS];
  const add = (a: number, b: number, c: number): void => {
    for (const t of roots(a, b, c)) if (t > fromS && t < untilS) times.push(t);
  };
  for (const [at, one] of strains.entries()) {
    add(one.a, one.b, one.c - 1);
    for (const other of strains.slice(at + 1)) add(other.a - one.a, other.b - one.b, other.c - one.c);
  }
  return times.sort((one, two) => one - two);
}

/** Real solutions of a·t² + b·t + c = 0, in a form that keeps its digits where a or b is small. */
function roots(a: number, b: number, c: number): number[] {
  const square = b * b - 4 * a * c;
  if (square < 0) return [];
  const q = -(b + Math.sign(b || 1) * Math.sqrt(square)) / 2;
  return [q / a, c / q].filter(Number.isFinite);
}
