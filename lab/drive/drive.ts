import { between, distanceM, turn, type Position } from './geo.js';
import type { DriveRow } from './drive-csv.js';

/**
 * What the recording says of one moment of the drive. Absent fields are gaps of the recording, and stay gaps.
 * Before the drive begins and after its end the car is parked: speed 0, engine off, the receiver still has its fix.
 */
export interface DriveMoment {
  /** `silent`: between two seconds of the recording that are more than `gapMs` apart; nothing is known. */
  readonly phase: 'waiting' | 'driving' | 'silent' | 'parked';
  /** Milliseconds into the drive, never below 0 nor above its length. */
  readonly driveMs: number;
  /** Index of the newest second at or before this moment. */
  readonly second: number;
  /** gpsd's mode: 1 no fix, 2, 3. */
  readonly fix: 1 | 2 | 3;
  readonly position?: Position;
  readonly altitudeM?: number;
  readonly headingDeg?: number;
  readonly satellites?: number;
  readonly hdop?: number;
  readonly speedKmh?: number;
  readonly engineRpm?: number;
  readonly throttlePct?: number;
}

export interface Drive {
  readonly rows: readonly DriveRow[];
  readonly durationMs: number;
  /** Along the recorded positions, in metres. */
  readonly lengthM: number;
  /** Recorded positions in order. */
  readonly track: readonly Position[];
  at(driveMs: number): DriveMoment;
  /**
   * Where the car is, in gaps of the recording too: it moved on while the logger was silent, so straight between the
   * positions around the gap. For the radio; the receiver of the car knows only `at(…).position`.
   */
  whereabouts(driveMs: number): Position;
}

/** Recordings are at 1 Hz; more than this between two of their seconds is a gap. */
const GAP_MS = 1_500;
const ROW_MS = 1_000;
type NumberField = Exclude<keyof DriveRow, 'timeMs' | 'gpsFix' | 'satellites'>;

/** The drive in `rows` (as `parseDrive` gives them: rising times, at least one position). */
export function driveOf(rows: readonly DriveRow[]): Drive {
  const startMs = rows[0]?.timeMs ?? 0;
  const durationMs = (rows.at(-1)?.timeMs ?? startMs) - startMs;
  const offsets = rows.map(row => row.timeMs - startMs);
  const placed = rows.flatMap((row, index) => {
    const position = positionOf(row);
    return position === undefined ? [] : [{ position, offsetMs: offsets[index] ?? 0 }];
  });
  const placedOffsets = placed.map(point => point.offsetMs);
  const track = placed.map(point => point.position);
  return {
    rows,
    durationMs,
    track,
    lengthM: track.slice(1).reduce((sum, point, index) => sum + distanceM(track[index] ?? point, point), 0),
    at: driveMs => momentAt(rows, offsets, durationMs, driveMs),
    whereabouts: driveMs => whereabouts(placed, placedOffsets, driveMs),
  };
}

function momentAt(rows: readonly DriveRow[], offsets: readonly number[], endMs: number, driveMs: number): DriveMoment {
  if (driveMs < 0) return parked(rows, 'waiting', 0, 0);
  if (driveMs > endMs) return parked(rows, 'parked', endMs, rows.length - 1);
  const second = lastAtOrBefore(offsets, driveMs);
  const row = rows[second] ?? { timeMs: 0 };
  const next = rows[second + 1];
  const sinceMs = driveMs - (offsets[second] ?? 0);
  const spanMs = next === undefined ? 0 : next.timeMs - row.timeMs;
  if (spanMs > GAP_MS && sinceMs >= ROW_MS) return { phase: 'silent', driveMs, second, fix: 1 };
  // Into a gap there is nothing to interpolate to: the last second's values hold for that second.
  const to = next === undefined || spanMs > GAP_MS ? row : next;
  const share = spanMs > 0 ? Math.min(1, sinceMs / spanMs) : 0;
  return { phase: 'driving', driveMs, second, ...gpsOf(row, to, share), ...carOf(row, to, share) };
}

function gpsOf(row: DriveRow, to: DriveRow, share: number): Pick<DriveMoment, 'fix'> & Partial<DriveMoment> {
  const position = positionOf(row);
  const fix = fixOf(row);
  if (position === undefined || fix === 1) return { fix: 1 };
  const toPosition = positionOf(to);
  const altitudeM = mixed(row, to, 'altitudeM', share);
  return {
    fix,
    position: toPosition === undefined ? position : between(position, toPosition, share),
    ...(altitudeM === undefined || fix === 2 ? {} : { altitudeM }),
    ...(row.headingDeg === undefined
      ? {}
      : { headingDeg: turn(row.headingDeg, to.headingDeg ?? row.headingDeg, share) }),
    ...(row.satellites === undefined ? {} : { satellites: row.satellites }),
    ...(row.hdop === undefined ? {} : { hdop: row.hdop }),
  };
}

function carOf(row: DriveRow, to: DriveRow, share: number): Partial<DriveMoment> {
  const speedKmh = mixed(row, to, 'speedKmh', share);
  const engineRpm = mixed(row, to, 'engineRpm', share);
  const throttlePct = mixed(row, to, 'throttlePct', share);
  return {
    ...(speedKmh === undefined ? {} : { speedKmh }),
    ...(engineRpm === undefined ? {} : { engineRpm }),
    ...(throttlePct === undefined ? {} : { throttlePct }),
  };
}

function parked(rows: readonly DriveRow[], phase: 'waiting' | 'parked', driveMs: number, second: number): DriveMoment {
  const ordered = phase === 'waiting' ? rows : [...rows].reverse();
  const placed = ordered.find(row => row.latitude !== undefined && fixOf(row) !== 1) ?? ordered[0] ?? { timeMs: 0 };
  const throttlePct = ordered.find(row => row.throttlePct !== undefined)?.throttlePct;
  return {
    phase,
    driveMs,
    second,
    ...gpsOf(placed, placed, 0),
    speedKmh: 0,
    engineRpm: 0,
    ...(throttlePct === undefined ? {} : { throttlePct }),
  };
}

function whereabouts(
  placed: readonly { position: Position; offsetMs: number }[],
  offsets: readonly number[],
  driveMs: number,
): Position {
  const index = Math.max(0, lastAtOrBefore(offsets, driveMs));
  const here = placed[index] ?? { position: { latitude: 0, longitude: 0 }, offsetMs: 0 };
  const next = placed[index + 1];
  if (next === undefined || driveMs <= here.offsetMs) return here.position;
  return between(here.position, next.position, (driveMs - here.offsetMs) / (next.offsetMs - here.offsetMs));
}

const positionOf = (row: DriveRow): Position | undefined =>
  row.latitude === undefined || row.longitude === undefined
    ? undefined
    : { latitude: row.latitude, longitude: row.longitude };

/** A recording without the column has a fix where it has a position. */
function fixOf(row: DriveRow): 1 | 2 | 3 {
  if (row.gpsFix === undefined) return row.latitude === undefined ? 1 : 3;
  return row.gpsFix >= 3 ? 3 : row.gpsFix >= 2 ? 2 : 1;
}

function mixed(row: DriveRow, to: DriveRow, field: NumberField, share: number): number | undefined {
  const from = row[field];
  const until = to[field];
  return from === undefined || until === undefined ? from : from + (until - from) * share;
}

/** Index of the last of the rising `offsets` that is not above `value`; -1 where all are. */
function lastAtOrBefore(offsets: readonly number[], value: number): number {
  let low = 0;
  let high = offsets.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((offsets[middle] ?? 0) <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
