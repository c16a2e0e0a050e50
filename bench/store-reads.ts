import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { quantilesOf } from '../common/quantiles.js';
import { BUNDLED_DRIVES, openDrive } from '../lab/drive/drive-file.js';
import { decodeReport, encodeReport } from '../protocol/report.js';
import { liveFromReport } from '../store/join.js';
import type { HistoryRow, TwinStore } from '../store/types.js';
import { cpuMeter, type BenchRow } from './harness.js';
import { reportsOf } from './virtual-drive.js';

const SECOND_MS = 1_000;
const DAY_MS = 86_400 * SECOND_MS;
const DAY_STARTS_MS = Math.floor(Date.now() / DAY_MS - 2) * DAY_MS;
const VEHICLE = 'car-1';
const LIVE_VEHICLES = 200;
/** Reports of one vehicle that are written at once. */
const GROUP = 200;
const DAY_READS = 5;

/** A day of one car that reports once a second: what the agent made of a drive, over and over, each with its own time. */
export async function dayOfReports(count: number): Promise<HistoryRow[]> {
  const [name] = BUNDLED_DRIVES;
  const driven = (await reportsOf(await openDrive(name), SECOND_MS)).map(({ bytes }) => decodeReport(bytes));
  return Array.from({ length: count }, (_, at) => {
    const report = driven[at % driven.length];
    if (report === undefined) throw new Error('the drive has no report');
    const [seq, timeMs] = [at + 1, DAY_STARTS_MS + at * SECOND_MS];
    const samples = report.samples.map(sample => ({ ...sample, timeMs: sample.timeMs - report.timeMs + timeMs }));
    const bytes = encodeReport({ vehicle: VEHICLE, boot: 1, seq, timeMs, samples });
    return { vehicle: VEHICLE, boot: 1, seq, timeMs, bytes, schema: 1, receivedAtMs: timeMs + 20 };
  });
}

/** Reading the last values of a car, and all reports of its day. */
export async function storeReads(
  name: string,
  store: TwinStore,
  day: readonly HistoryRow[],
  n: number,
  signal: AbortSignal,
): Promise<BenchRow[]> {
  for (let at = 0; at < day.length; at += GROUP) {
    signal.throwIfAborted();
    await store.append(day.slice(at, at + GROUP));
  }
  process.stderr.write(`store: ${name}, ${day.length} reports are written\n`);
  const cells = day.slice(0, 60).flatMap(row => liveFromReport(decodeReport(row.bytes), row.receivedAtMs, row.timeMs));
  const vehicles = Array.from({ length: LIVE_VEHICLES }, (_, at) => `live-${at}`);
  for (const vehicle of vehicles) await store.putLive(vehicle, cells);
  const cpu = cpuMeter();
  const lives: number[] = [];
  for (let at = 0; at < n; at++) {
    signal.throwIfAborted();
    const begunMs = performance.now();
    await store.live(vehicles[at % LIVE_VEHICLES] ?? '');
    lives.push(performance.now() - begunMs);
  }
  const days: number[] = [];
  for (let read = 0; read < DAY_READS; read++) {
    signal.throwIfAborted();
    const begunMs = performance.now();
    let rows = 0;
    const range = { fromMs: DAY_STARTS_MS, toMs: DAY_STARTS_MS + day.length * SECOND_MS };
    for await (const row of store.history(VEHICLE, range)) rows += row.seq > 0 ? 1 : 0;
    if (rows !== day.length) throw new Error(`${rows} of ${day.length} reports were read`);
    days.push(performance.now() - begunMs);
  }
  const cpuIdle = cpu.idle();
  return [
    { case: name, metric: 'last values of one car', unit: 'ms', ...quantilesOf(lives), cpuIdle },
    { case: name, metric: `a day of one car (${day.length} reports)`, unit: 'ms', ...quantilesOf(days), cpuIdle },
  ];
}

/** What a report takes on disk, beside its CBOR. */
export function diskRows(name: string, day: readonly HistoryRow[], bytesOnDisk: number): BenchRow[] {
  const cbor = day.reduce((sum, { bytes }) => sum + bytes.length, 0) / day.length;
  const onDisk = bytesOnDisk / day.length;
  const one = (metric: string, unit: string, value: number): BenchRow => ({
    ...{ case: name, metric, unit, n: day.length },
    ...{ median: value, p95: value, p99: value, max: value, cpuIdle: 0 },
  });
  return [
    one('report as CBOR, mean', 'bytes', cbor),
    one('on disk per report', 'bytes', onDisk),
    one('on disk of CBOR', '%', (100 * onDisk) / cbor),
  ];
}

/** Bytes of all files under a folder whose paths pass. */
export async function bytesUnder(folder: string, passes: (path: string) => boolean): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = entries
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .filter(passes)
    .map(async path => (await stat(path)).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
