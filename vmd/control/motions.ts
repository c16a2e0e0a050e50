import type { MotionRow } from '../../protocol/api/vmd.js';
import type { LiveCell } from '../../store/types.js';
import type { Resident } from '../residents.js';

/** An older position says nothing about where a car is going. */
const FRESH_MS = 10_000;
/** Of the receiver's heading, which is reported every 20 s. */
const HEADING_MS = 30_000;

const numberOf = (cell: LiveCell | undefined): number | undefined =>
  typeof cell?.value === 'number' ? cell.value : undefined;

/** Where the time of a sample is not to be believed, it is as old as its report. */
const ageOf = (cell: LiveCell, nowMs: number): number =>
  Math.max(0, nowMs - (cell.suspect === true ? cell.receivedAtMs : cell.timeMs));

/** Where a vehicle was last, and how fast, by its reports; `undefined` where that is not known, or long ago. `nowMs`: Unix time. */
export function motionOf({ vehicle, twin }: Resident, nowMs: number): MotionRow | undefined {
  const [lat, lon, hdg] = ['lat', 'lon', 'hdg'].map(signal => twin.cell(signal)?.cell);
  const [latitude, longitude] = [numberOf(lat), numberOf(lon)];
  const speedKmh = numberOf(twin.cell('spd')?.cell);
  if (lat === undefined || latitude === undefined || longitude === undefined || speedKmh === undefined)
    return undefined;
  const ageMs = ageOf(lat, nowMs);
  if (ageMs > FRESH_MS) return undefined;
  const deg = numberOf(hdg);
  const headingAgeMs = hdg === undefined ? Infinity : ageOf(hdg, nowMs);
  const heading = deg === undefined || headingAgeMs > HEADING_MS ? {} : { heading: { deg, ageMs: headingAgeMs } };
  return { vehicle, latitude, longitude, ageMs, speedKmh: Math.max(0, speedKmh), ...heading };
}

/** Rows of one message at most. */
const AT_ONCE = 500;

/** Tells one listener of the motion of all who have reported since it was told last. */
export class Motions {
  readonly #residents: () => Iterable<Resident>;
  readonly #nowMs: () => number;
  /** Vehicle → the report that it was told of last. */
  #told = new Map<string, number>();

  constructor(residents: () => Iterable<Resident>, nowMs: () => number) {
    this.#residents = residents;
    this.#nowMs = nowMs;
  }

  /** What is new, in messages of a bounded size. */
  next(): MotionRow[][] {
    const rows: MotionRow[] = [];
    const told = new Map<string, number>();
    for (const resident of this.#residents()) {
      const { vehicle, reports } = resident;
      told.set(vehicle, reports);
      if (reports === 0 || this.#told.get(vehicle) === reports) continue;
      const row = motionOf(resident, this.#nowMs());
      if (row !== undefined) rows.push(row);
    }
    this.#told = told;
    return Array.from({ length: Math.ceil(rows.length / AT_ONCE) }, (_, n) =>
      rows.slice(n * AT_ONCE, (n + 1) * AT_ONCE),
    );
  }
}
