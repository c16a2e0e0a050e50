import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../common/package-root.js';
import { REPORT_VERSION, encodeReport, type Report } from '../../protocol/report.js';
import type { Sample } from '../../protocol/sample.js';
import type { HistoryRow } from '../../store/types.js';

/** A recorded drive as the reports that an agent would have made of it, one per second. */
export interface DriveSecond {
  /** Seconds since the drive's beginning. */
  readonly atS: number;
  readonly latitude: number;
  readonly longitude: number;
  readonly heading: number | undefined;
  readonly speedKmh: number | undefined;
  readonly rpm: number | undefined;
  readonly throttle: number | undefined;
}

/** Undefined where the recording is not at hand. */
export function recordedDrive(name: string): DriveSecond[] | undefined {
  const file = [join(packageRoot(), 'lab', 'drives', name), join(packageRoot(), '..', 'shared', 'traces', name)].find(
    existsSync,
  );
  if (file === undefined) return undefined;
  const [head = '', ...lines] = readFileSync(file, 'utf8').trim().split('\n');
  const columns = head.trim().split(',');
  const startMs = Date.parse(lines[0]?.split(',')[0] ?? '');
  return lines.flatMap(line => {
    const cells = line.trim().split(',');
    const number = (name: string): number | undefined => {
      const text = cells[columns.indexOf(name)] ?? '';
      return text === '' ? undefined : Number(text);
    };
    const [latitude, longitude] = [number('latitude_deg'), number('longitude_deg')];
    if (latitude === undefined || longitude === undefined) return [];
    return [
      {
        atS: (Date.parse(cells[0] ?? '') - startMs) / 1000,
        latitude,
        longitude,
        heading: number('heading_deg'),
        speedKmh: number('speed_kmh'),
        rpm: number('engine_rpm'),
        throttle: number('throttle_pct'),
      },
    ];
  });
}

const SLOW_EVERY = 20;

/** Report `seq` of a drive; what the recording lacks follows roughly from engine speed and throttle. */
export function reportOf(vehicle: string, second: DriveSecond, seq: number, timeMs: number): Report {
  const { latitude, longitude, heading, speedKmh, rpm, throttle } = second;
  const samples: Sample[] = [];
  const add = (name: string, value: number | undefined): void => {
    if (value !== undefined) samples.push({ name, value, timeMs });
  };
  add('lat', latitude);
  add('lon', longitude);
  add('spd', speedKmh === undefined ? undefined : Math.round(speedKmh));
  add('rpm', rpm);
  add('thr', throttle);
  const air = rpm === undefined || throttle === undefined ? undefined : (rpm * (8 + throttle)) / 9_000;
  add('maf', air);
  add('load', throttle === undefined ? undefined : Math.min(100, 15 + throttle * 1.4));
  add('map', throttle === undefined ? undefined : Math.round(28 + throttle * 0.9));
  add('fuel', air === undefined ? undefined : air * 0.3287);
  add('co2', air === undefined ? undefined : (air * 0.3287 * 2350) / 3600);
  if (seq % SLOW_EVERY === 1) {
    add('hdg', heading);
    add('ect', 74 + Math.min(16, Math.floor(seq / 20)));
    add('wup', 41);
    add('dist', 1_208 + Math.floor(seq / 60));
    add('ftyp', 1);
  }
  return { vehicle, boot: 1, seq, timeMs, samples };
}

export const rowOf = (report: Report, receivedAtMs = report.timeMs + 40): HistoryRow => ({
  vehicle: report.vehicle,
  boot: report.boot,
  seq: report.seq,
  timeMs: report.timeMs,
  bytes: encodeReport(report),
  schema: REPORT_VERSION,
  receivedAtMs,
});
