import { fault } from '../../protocol/errors.js';
import { known } from './tpv.js';

/** Sentences of NMEA 0183 that a position needs (NMEA 0183 4.x; also gpsd's "NMEA Revealed"). */
export type NmeaSentence =
  | ({ readonly type: 'RMC' } & RmcFields)
  | ({ readonly type: 'GGA' } & GgaFields)
  | ({ readonly type: 'GSA' } & GsaFields)
  | ({ readonly type: 'VTG' } & VtgFields)
  | { readonly type: 'GSV'; readonly talker: string; readonly inView: number }
  /** A whole sentence that says nothing of the position, or of another system's talker. */
  | { readonly type: 'other' };

/** `atMs` is the time of day, milliseconds since midnight UTC; `dayMs` that midnight. */
interface RmcFields {
  readonly atMs?: number;
  readonly dayMs?: number;
  readonly valid: boolean;
  readonly latitude?: number;
  readonly longitude?: number;
  readonly speedMs?: number;
  readonly headingDeg?: number;
}

interface GgaFields {
  readonly atMs?: number;
  /** 0 none, 1 GPS, 2 differential, 3 PPS, 4 and 5 RTK, 6 dead reckoning, 7 manual, 8 simulated. */
  readonly quality: number;
  readonly latitude?: number;
  readonly longitude?: number;
  readonly satellites?: number;
  readonly hdop?: number;
  readonly altitudeM?: number;
}

interface GsaFields {
  readonly talker: string;
  readonly mode: 1 | 2 | 3;
  readonly used: number;
  readonly hdop?: number;
}

interface VtgFields {
  readonly headingDeg?: number;
  readonly speedMs?: number;
}

const KNOT_MS = 1852 / 3600;
const DAY_MS = 86_400_000;
/** Several systems at once (GN), GPS, GLONASS, Galileo. */
const TALKERS: ReadonlySet<string> = new Set(['GN', 'GP', 'GL', 'GA']);
/** RMC and VTG mode indicators that stand for a measured position: autonomous, differential, RTK fixed and float, precise. */
const MEASURED = /^[ADRFP]?$/;
const SENTENCE = /\$([A-Z]{2})([A-Z]{3}),([^*$]*)\*([0-9A-Fa-f]{2})$/;
const MAX_SHOWN = 80;

/** XOR of all characters between `$` and `*`. */
export function nmeaChecksum(body: string): number {
  let sum = 0;
  for (let at = 0; at < body.length; at++) sum ^= body.charCodeAt(at);
  return sum;
}

type Fields = readonly string[];
const READERS: Readonly<Record<string, (fields: Fields, talker: string) => NmeaSentence>> = {
  RMC: readRmc,
  GGA: readGga,
  GSA: readGsa,
  VTG: readVtg,
  GSV: (fields, talker) => ({ type: 'GSV', talker, inView: whole(fields[2]) ?? 0 }),
};

/**
 * One line of a receiver. What stands before the `$` is the rest of a broken line. Throws GPS_MALFORMED: no sentence, no
 * checksum, a wrong checksum, or a field that is none.
 */
export function parseNmea(line: string): NmeaSentence {
  const found = SENTENCE.exec(line);
  if (found === null) {
    // Proprietary sentences (`$PUBX,…`) and those of other systems (`!AIVDM`) have other forms; a checksum they all have.
    if (/^[$!]P?[A-Z0-9]{2,8},[^*]*\*[0-9A-Fa-f]{2}$/.test(line) && isWhole(line)) return { type: 'other' };
    throw fault('GPS_MALFORMED', line.slice(0, MAX_SHOWN));
  }
  const [sentence = '', talker = '', type = '', rest = ''] = found;
  if (!isWhole(sentence)) throw fault('GPS_MALFORMED', `checksum of ${sentence.slice(0, MAX_SHOWN)}`);
  const read = TALKERS.has(talker) ? READERS[type] : undefined;
  if (read === undefined) return { type: 'other' };
  try {
    return read(rest.split(','), talker);
  } catch (cause) {
    throw fault('GPS_MALFORMED', sentence.slice(0, MAX_SHOWN), { cause });
  }
}

function isWhole(sentence: string): boolean {
  const star = sentence.lastIndexOf('*');
  return nmeaChecksum(sentence.slice(1, star)) === Number.parseInt(sentence.slice(star + 1), 16);
}

function readRmc(f: Fields): NmeaSentence {
  const knots = decimal(f[6]);
  const fields = {
    atMs: timeOfDay(f[0]),
    dayMs: midnight(f[8]),
    ...position(f, 2),
    speedMs: knots === undefined ? undefined : knots * KNOT_MS,
    headingDeg: decimal(f[7]),
  };
  return { type: 'RMC', valid: f[1] === 'A' && MEASURED.test(f[11] ?? ''), ...known(fields) };
}

function readGga(f: Fields): NmeaSentence {
  const fields = {
    atMs: timeOfDay(f[0]),
    ...position(f, 1),
    satellites: whole(f[6]),
    hdop: dop(f[7]),
    altitudeM: f[9] === 'M' ? decimal(f[8]) : undefined,
  };
  return { type: 'GGA', quality: whole(f[5]) ?? 0, ...known(fields) };
}

function readGsa(f: Fields, talker: string): NmeaSentence {
  const mode = whole(f[1]);
  if (mode !== 1 && mode !== 2 && mode !== 3) throw new Error('mode');
  const used = f.slice(2, 14).filter(id => id !== '').length;
  return { type: 'GSA', talker, mode, used, ...known({ hdop: dop(f[15]) }) };
}

function readVtg(f: Fields): NmeaSentence {
  if (!MEASURED.test(f[8] ?? '')) return { type: 'other' };
  const kmh = decimal(f[6]);
  return { type: 'VTG', ...known({ headingDeg: decimal(f[0]), speedMs: kmh === undefined ? undefined : kmh / 3.6 }) };
}

/** `ddmm.mmmm,N,dddmm.mmmm,E` from field `at` on. */
function position(f: Fields, at: number): { latitude?: number; longitude?: number } {
  const latitude = degrees(f[at], f[at + 1], 'N', 'S');
  const longitude = degrees(f[at + 2], f[at + 3], 'E', 'W');
  return latitude === undefined || longitude === undefined ? {} : { latitude, longitude };
}

function degrees(text: string | undefined, side: string | undefined, plus: string, minus: string): number | undefined {
  if (text === undefined || text === '') return undefined;
  const found = /^(\d{1,3})(\d\d(?:\.\d+)?)$/.exec(text);
  if (found === null || (side !== plus && side !== minus)) throw new Error('position');
  const minutes = Number(found[2]);
  if (minutes >= 60) throw new Error('minutes');
  return (Number(found[1]) + minutes / 60) * (side === plus ? 1 : -1);
}

/** `hhmmss[.sss]`; second 60 is a leap second. */
function timeOfDay(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const found = /^(\d\d)(\d\d)(\d\d(?:\.\d+)?)$/.exec(text);
  if (found === null) throw new Error('time');
  const [hours, minutes, seconds] = [Number(found[1]), Number(found[2]), Number(found[3])];
  if (hours > 23 || minutes > 59 || seconds >= 61) throw new Error('time');
  return Math.round(((hours * 60 + minutes) * 60 + seconds) * 1000);
}

/** `ddmmyy`; two digits of the year from 80 on are of the last century, in which receivers begin that know no date. */
function midnight(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const found = /^(\d\d)(\d\d)(\d\d)$/.exec(text);
  if (found === null) throw new Error('date');
  const [day, month, year] = [Number(found[1]), Number(found[2]), Number(found[3])];
  const atMs = Date.UTC(year >= 80 ? 1900 + year : 2000 + year, month - 1, day);
  if (atMs % DAY_MS !== 0 || new Date(atMs).getUTCDate() !== day || month < 1 || month > 12) throw new Error('date');
  return atMs;
}

function decimal(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  if (!/^-?\d*\.?\d+$|^-?\d+\.$/.test(text)) throw new Error('number');
  return Number(text);
}

/** 99.99 stands for a dilution that is not known. */
function dop(text: string | undefined): number | undefined {
  const value = decimal(text);
  return value === undefined || value >= 99 ? undefined : value;
}

function whole(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  if (!/^\d{1,4}$/.test(text)) throw new Error('count');
  return Number(text);
}
