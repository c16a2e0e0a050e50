import type { SenmlValue } from '../../protocol/senml.js';
import { fault } from '../../protocol/errors.js';

/** gpsd's `TPV.mode`: 0 unknown, 1 no fix, 2 two-dimensional, 3 three-dimensional. */
export type FixMode = 0 | 1 | 2 | 3;

/** What we read of a TPV object (gpsd_json(5), protocol 3.14+): degrees, metres, m/s, UTC milliseconds. */
export interface Tpv {
  readonly mode: FixMode;
  readonly timeMs?: number;
  readonly latitude?: number;
  readonly longitude?: number;
  readonly altitudeM?: number;
  readonly speedMs?: number;
  readonly headingDeg?: number;
  readonly horizontalErrorM?: number;
}

export type GpsdObject =
  { readonly class: 'TPV'; readonly tpv: Tpv } | { readonly class: 'other'; readonly name: string };

/** One line of gpsd. Throws GPS_MALFORMED. */
export function parseGpsdLine(line: string): GpsdObject {
  let tree: unknown;
  try {
    tree = JSON.parse(line);
  } catch (cause) {
    throw fault('GPS_MALFORMED', line.slice(0, 80), { cause });
  }
  if (typeof tree !== 'object' || tree === null || !('class' in tree) || typeof tree.class !== 'string')
    throw fault('GPS_MALFORMED', line.slice(0, 80));
  if (tree.class !== 'TPV') return { class: 'other', name: tree.class };
  return { class: 'TPV', tpv: readTpv(tree as Readonly<Record<string, unknown>>, line) };
}

function readTpv(tree: Readonly<Record<string, unknown>>, line: string): Tpv {
  const mode = tree['mode'];
  if (mode !== 0 && mode !== 1 && mode !== 2 && mode !== 3) throw fault('GPS_MALFORMED', line.slice(0, 80));
  const numbers = {
    latitude: finite(tree['lat']),
    longitude: finite(tree['lon']),
    altitudeM: finite(tree['altMSL']) ?? finite(tree['altHAE']) ?? finite(tree['alt']),
    speedMs: finite(tree['speed']),
    headingDeg: finite(tree['track']),
    horizontalErrorM: finite(tree['eph']),
    timeMs: typeof tree['time'] === 'string' ? finite(Date.parse(tree['time'])) : undefined,
  };
  const known = Object.fromEntries(Object.entries(numbers).filter(([, value]) => value !== undefined));
  return { mode, ...known };
}

const finite = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined;

export interface FixRules {
  /** A fix that would need a higher speed than this since the last one is dropped. */
  readonly plausibleSpeedKmh: number;
}

export interface FixState {
  readonly last?: {
    readonly latitude: number;
    readonly longitude: number;
    /** When it was received, monotonic milliseconds. */
    readonly atMs: number;
    /** The receiver's own time: the same one again is the same fix. */
    readonly timeMs?: number;
  };
  /** Implausible fixes in a row: after three, the receiver is believed again, for it was the last fix that was wrong. */
  readonly implausible: number;
  readonly headingDeg?: number;
  /** 3D fixes in a row: three make the receiver's time credible (gpsd's manual). */
  readonly threeD: number;
}

export const NO_FIX: FixState = { implausible: 0, threeD: 0 };

/** Below this, the direction of movement is noise. */
export const HEADING_FREEZE_MS = 1;
const BELIEVED_AFTER = 3;

export interface Fix {
  readonly values: Readonly<Partial<Record<'lat' | 'lon' | 'alt' | 'hdg' | 'acc' | 'fix', SenmlValue>>>;
  /** UTC of the receiver, where three 3D fixes in a row vouch for it. */
  readonly credibleTimeMs?: number;
}

export type Verdict =
  { readonly result: 'fix'; readonly fix: Fix } | { readonly result: 'no-fix' | 'repeated' | 'implausible' };

/**
 * Applies CONVENTIONS §6 to one TPV: no fix below mode 2, none that was seen before, none that the car cannot have
 * reached; heading is held while it stands. `atMs` is monotonic.
 */
export function acceptTpv(state: FixState, tpv: Tpv, atMs: number, rules: FixRules): readonly [FixState, Verdict] {
  const { latitude, longitude, timeMs } = tpv;
  if (tpv.mode < 2 || latitude === undefined || longitude === undefined)
    return [{ ...state, threeD: 0 }, { result: 'no-fix' }];
  if (Math.abs(latitude) > 90 || Math.abs(longitude) > 180) return [state, { result: 'implausible' }];
  const { last } = state;
  if (last?.timeMs !== undefined && timeMs === last.timeMs) return [state, { result: 'repeated' }];
  const threeD = tpv.mode === 3 ? state.threeD + 1 : 0;
  if (last !== undefined && state.implausible < BELIEVED_AFTER) {
    // Half a second is the least span: fixes that were held up on their way arrive together.
    const hours = Math.max(atMs - last.atMs, 500) / 3_600_000;
    if (distanceM(last.latitude, last.longitude, latitude, longitude) / 1000 / hours > rules.plausibleSpeedKmh)
      return [{ ...state, threeD: 0, implausible: state.implausible + 1 }, { result: 'implausible' }];
  }
  const moving = (tpv.speedMs ?? 0) >= HEADING_FREEZE_MS;
  const headingDeg = moving ? (tpv.headingDeg ?? state.headingDeg) : state.headingDeg;
  const next: FixState = {
    last: { latitude, longitude, atMs, ...(timeMs === undefined ? {} : { timeMs }) },
    implausible: 0,
    threeD,
    ...(headingDeg === undefined ? {} : { headingDeg }),
  };
  const values = {
    lat: latitude,
    lon: longitude,
    fix: tpv.mode === 3 ? 'THREE_D' : 'TWO_D',
    ...(tpv.altitudeM === undefined || tpv.mode < 3 ? {} : { alt: tpv.altitudeM }),
    ...(headingDeg === undefined ? {} : { hdg: headingDeg }),
    ...(tpv.horizontalErrorM === undefined ? {} : { acc: tpv.horizontalErrorM }),
  };
  const credible = timeMs !== undefined && threeD >= BELIEVED_AFTER ? { credibleTimeMs: timeMs } : {};
  return [next, { result: 'fix', fix: { values, ...credible } }];
}

const EARTH_RADIUS_M = 6_371_000;

/** Great-circle distance in metres (haversine). */
export function distanceM(latitudeA: number, longitudeA: number, latitudeB: number, longitudeB: number): number {
  const rad = Math.PI / 180;
  const a =
    Math.sin(((latitudeB - latitudeA) * rad) / 2) ** 2 +
    Math.cos(latitudeA * rad) * Math.cos(latitudeB * rad) * Math.sin(((longitudeB - longitudeA) * rad) / 2) ** 2;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(a)));
}
