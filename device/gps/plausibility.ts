import type { SenmlValue } from '../../protocol/senml.js';
import { distanceM } from './distance.js';
import type { Tpv } from './tpv.js';

export interface FixRules {
  /** A fix that would need a higher speed than this since the last one is dropped. */
  readonly plausibleSpeedKmh: number;
}

interface LastFix {
  readonly latitude: number;
  readonly longitude: number;
  /** When it was true, monotonic milliseconds. */
  readonly atMs: number;
  /** The receiver's own time: the same one again is the same fix. */
  readonly timeMs?: number;
}

export interface FixState {
  readonly last?: LastFix;
  /** Implausible fixes in a row: after three, the receiver is believed again, for it was the last fix that was wrong. */
  readonly implausible: number;
  /** Where those were that came before their time: ascending times in a row, after a step back of the receiver's clock. */
  readonly early?: { readonly timeMs: number; readonly count: number };
  readonly headingDeg?: number;
  /** 3D fixes in a row: three make the receiver's time credible (gpsd's manual). */
  readonly threeD: number;
}

export const NO_FIX: FixState = { implausible: 0, threeD: 0 };

/** Below this, the direction of movement is noise. */
export const HEADING_FREEZE_MS = 1;
const BELIEVED_AFTER = 3;
/** More than a look may come late, less than any error of a date or of leap seconds. */
const JUMP_MS = 1_000;
/** Half a second is the least span between two fixes: those that were held up on their way arrive together. */
const LEAST_SPAN_MS = 500;

export interface Fix {
  readonly values: Readonly<
    Partial<Record<'lat' | 'lon' | 'alt' | 'hdg' | 'acc' | 'fix' | 'hdop' | 'sats', SenmlValue>>
  >;
  /** UTC of the receiver, where three 3D fixes in a row vouch for it. */
  readonly credibleTimeMs?: number;
}

export type Verdict =
  { readonly result: 'fix'; readonly fix: Fix } | { readonly result: 'no-fix' | 'repeated' | 'implausible' };

/**
 * Applies CONVENTIONS §6 to one look of the receiver: no fix below mode 2, none that was seen before, none that the car
 * cannot have reached; heading is held while it stands. `atMs` is monotonic, when the fix was true.
 */
export function acceptTpv(state: FixState, tpv: Tpv, atMs: number, rules: FixRules): readonly [FixState, Verdict] {
  const { latitude, longitude, timeMs } = tpv;
  if (tpv.mode < 2 || latitude === undefined || longitude === undefined)
    return [{ ...state, threeD: 0 }, { result: 'no-fix' }];
  if (!(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180))
    return [{ ...state, threeD: 0 }, { result: 'implausible' }];
  const { last } = state;
  const early = orderOf(state, tpv);
  if (early === 'repeated') return [state, { result: 'repeated' }];
  if (early !== undefined) return [{ ...state, early, threeD: 0 }, { result: 'repeated' }];
  const threeD = tpv.mode !== 3 ? 0 : keepsTime(last, timeMs, atMs) ? state.threeD + 1 : 1;
  if (last !== undefined && state.implausible < BELIEVED_AFTER) {
    const hours = Math.max(atMs - last.atMs, LEAST_SPAN_MS) / 3_600_000;
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
    ...(tpv.hdop === undefined ? {} : { hdop: tpv.hdop }),
    ...(tpv.satellites === undefined ? {} : { sats: tpv.satellites }),
  };
  const credible = timeMs !== undefined && threeD >= BELIEVED_AFTER ? { credibleTimeMs: timeMs } : {};
  return [next, { result: 'fix', fix: { values, ...credible } }];
}

/** The receiver's clock went on as ours did: one that jumps between two fixes is not yet right, or no longer. */
const keepsTime = (last: LastFix | undefined, timeMs: number | undefined, atMs: number): boolean =>
  last?.timeMs === undefined || timeMs === undefined || Math.abs(timeMs - last.timeMs - (atMs - last.atMs)) < JUMP_MS;

/**
 * Whether a fix is an old one: `repeated`, or a step in the count of those that are older than the last, for a receiver
 * that put its clock back (leap seconds learnt, a week found) must not be deaf for as long as it put it back.
 */
function orderOf(state: FixState, tpv: Tpv): 'repeated' | FixState['early'] {
  const { last, early } = state;
  if (last === undefined) return undefined;
  if (tpv.timeMs === undefined || last.timeMs === undefined) {
    // Nothing but the place tells two fixes without a time from one.
    const isSame = tpv.timeMs === last.timeMs && tpv.latitude === last.latitude && tpv.longitude === last.longitude;
    return isSame ? 'repeated' : undefined;
  }
  if (tpv.timeMs === last.timeMs) return 'repeated';
  if (tpv.timeMs > last.timeMs) return undefined;
  if (early === undefined || tpv.timeMs < early.timeMs) return { timeMs: tpv.timeMs, count: 1 };
  if (tpv.timeMs === early.timeMs) return 'repeated';
  return early.count + 1 >= BELIEVED_AFTER ? undefined : { timeMs: tpv.timeMs, count: early.count + 1 };
}
