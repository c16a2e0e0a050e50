import { fault } from '../../protocol/errors.js';

/** gpsd's `TPV.mode`: 0 unknown, 1 no fix, 2 two-dimensional, 3 three-dimensional. */
export type FixMode = 0 | 1 | 2 | 3;

/** How good a position is, beside its error: what the receiver says of its satellites. */
export interface SkyView {
  readonly hdop?: number;
  /** Satellites used in the fix. */
  readonly satellites?: number;
}

/**
 * One look of a receiver, from gpsd's TPV (gpsd_json(5), protocol 3.14+) or a cycle of NMEA sentences: degrees, metres,
 * m/s, UTC milliseconds.
 */
export interface Tpv extends SkyView {
  readonly mode: FixMode;
  /** Which receiver it is of, where several may speak. */
  readonly device?: string;
  readonly timeMs?: number;
  readonly latitude?: number;
  readonly longitude?: number;
  readonly altitudeM?: number;
  readonly speedMs?: number;
  readonly headingDeg?: number;
  readonly horizontalErrorM?: number;
}

export type GpsdObject =
  | { readonly class: 'TPV'; readonly tpv: Tpv }
  | { readonly class: 'SKY'; readonly device?: string; readonly sky: SkyView }
  /** All receivers that gpsd has. */
  | { readonly class: 'DEVICES'; readonly devices: readonly string[] }
  /** One receiver came (`active`) or went. */
  | { readonly class: 'DEVICE'; readonly device: string; readonly active: boolean }
  /** gpsd did not like a request of ours. */
  | { readonly class: 'ERROR'; readonly message: string }
  | { readonly class: 'other'; readonly name: string };

type Tree = Readonly<Record<string, unknown>>;

const MAX_SHOWN = 80;

/** One line of gpsd. Throws GPS_MALFORMED. */
export function parseGpsdLine(line: string): GpsdObject {
  let tree: unknown;
  try {
    tree = JSON.parse(line);
  } catch (cause) {
    throw fault('GPS_MALFORMED', line.slice(0, MAX_SHOWN), { cause });
  }
  if (!isTree(tree) || typeof tree['class'] !== 'string') throw fault('GPS_MALFORMED', line.slice(0, MAX_SHOWN));
  switch (tree['class']) {
    case 'TPV':
      return { class: 'TPV', tpv: readTpv(tree, line) };
    case 'SKY':
      return { class: 'SKY', ...deviceOf(tree, 'device'), sky: readSky(tree) };
    case 'DEVICES': {
      const devices = Array.isArray(tree['devices']) ? (tree['devices'] as unknown[]) : [];
      const paths = devices.flatMap(device => (isTree(device) && isActive(device) ? [device['path']] : []));
      return { class: 'DEVICES', devices: paths.filter(path => typeof path === 'string') };
    }
    case 'DEVICE': {
      const { device } = deviceOf(tree, 'path');
      if (device === undefined) throw fault('GPS_MALFORMED', line.slice(0, MAX_SHOWN));
      return { class: 'DEVICE', device, active: isActive(tree) };
    }
    case 'ERROR':
      return { class: 'ERROR', message: typeof tree['message'] === 'string' ? tree['message'].slice(0, 200) : '' };
    default:
      return { class: 'other', name: tree['class'] };
  }
}

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

/** gpsd says `activated: 0` of a receiver that went; one that it has not opened yet has no `activated`. */
const isActive = (tree: Tree): boolean => tree['activated'] !== 0;

function deviceOf(tree: Tree, field: 'device' | 'path'): { readonly device?: string } {
  const device = tree[field];
  return typeof device === 'string' ? { device } : {};
}

function readTpv(tree: Tree, line: string): Tpv {
  const mode = tree['mode'];
  if (mode !== 0 && mode !== 1 && mode !== 2 && mode !== 3) throw fault('GPS_MALFORMED', line.slice(0, MAX_SHOWN));
  const numbers = {
    latitude: finite(tree['lat']),
    longitude: finite(tree['lon']),
    altitudeM: finite(tree['altMSL']) ?? finite(tree['altHAE']) ?? finite(tree['alt']),
    speedMs: finite(tree['speed']),
    headingDeg: finite(tree['track']),
    horizontalErrorM: finite(tree['eph']),
    timeMs: typeof tree['time'] === 'string' ? finite(Date.parse(tree['time'])) : undefined,
  };
  return { mode, ...deviceOf(tree, 'device'), ...known(numbers) };
}

function readSky(tree: Tree): SkyView {
  // Before protocol 3.14 there is no `uSat`, but the list of satellites.
  const list = Array.isArray(tree['satellites']) ? (tree['satellites'] as unknown[]) : undefined;
  const used = list?.filter(satellite => isTree(satellite) && satellite['used'] === true).length;
  return known({ hdop: finite(tree['hdop']), satellites: finite(tree['uSat']) ?? used });
}

/** Without the fields that are undefined. */
export function known<T extends Readonly<Record<string, unknown>>>(fields: T): Known<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Known<T>;
}
type Known<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

const finite = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined;
