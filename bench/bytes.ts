import { quantilesOf } from '../common/quantiles.js';
import { decodeMode01 } from '../device/obd/mode01.js';
import { co2Gs, FACTOR_SETS, petrolLh } from '../device/sampling/fuel.js';
import { ecuAnswer } from '../lab/car/ecu.js';
import { labVin } from '../lab/car/vin.js';
import { BUNDLED_DRIVES, openDrive } from '../lab/drive/drive-file.js';
import type { Drive } from '../lab/drive/drive.js';
import { EngineModel } from '../lab/drive/engine-model.js';
import { decodeReport, encodeReport, type Report } from '../protocol/report.js';
import type { Sample } from '../protocol/sample.js';
import { signalByWire, SIGNALS, type SignalRow } from '../protocol/signals.js';
import { cpuMeter, type BenchRow } from './harness.js';
import { reportsOf } from './virtual-drive.js';

/** The default, and what the demo takes above five cars. */
const INTERVALS_MS = [500, 1_000] as const;

/**
 * Bytes of every report of the bundled drives, made by the whole agent in virtual time, beside the same reports as JSON;
 * and of a report with all 13 signals of the paper at once, for every second of the drives.
 */
export async function benchBytes(signal: AbortSignal): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  const cpu = cpuMeter();
  const add = (name: string, metric: string, sizes: readonly number[]): void => {
    const cpuIdle = cpu.idle();
    const mean = sizes.reduce((sum, size) => sum + size, 0) / Math.max(1, sizes.length);
    rows.push({ case: name, metric, unit: 'bytes', ...quantilesOf(sizes), cpuIdle });
    const same = { median: mean, p95: mean, p99: mean, max: mean };
    rows.push({ case: name, metric: `${metric}, mean`, unit: 'bytes', n: sizes.length, ...same, cpuIdle });
  };
  for (const name of BUNDLED_DRIVES) {
    const drive = await openDrive(name);
    for (const intervalMs of INTERVALS_MS) {
      signal.throwIfAborted();
      const driven = await reportsOf(drive, intervalMs);
      const reports = driven.map(({ bytes }) => decodeReport(bytes));
      const what = `${name}, every ${intervalMs} ms`;
      add(
        what,
        'report',
        driven.map(({ bytes }) => bytes.length),
      );
      add(
        what,
        'with CoAP',
        driven.map(({ datagramBytes }) => datagramBytes),
      );
      add(
        what,
        'as SenML JSON',
        reports.map(report => Buffer.byteLength(asSenmlJson(report))),
      );
      add(
        what,
        'as JSON with VSS paths',
        reports.map(report => Buffer.byteLength(asPathJson(report))),
      );
    }
    add(`${name}, all 13 at once`, 'report', allAtOnce(drive));
  }
  return rows;
}

/** The same report as the JSON of RFC 8428 §5. */
export function asSenmlJson({ vehicle, boot, seq, timeMs, samples }: Report): string {
  const field = ({ value }: Sample): string =>
    typeof value === 'number' ? 'v' : typeof value === 'string' ? 'vs' : 'vb';
  return JSON.stringify([
    { bn: `${vehicle}/`, bt: timeMs / 1000, n: 'boot', v: boot },
    { n: 'seq', v: seq },
    ...samples.map(sample => ({
      n: sample.name,
      [field(sample)]: shown(sample),
      ...(sample.timeMs === timeMs ? {} : { t: (sample.timeMs - timeMs) / 1000 }),
    })),
  ]);
}

/** The same report as services mostly write it: VSS paths, one value and time each. */
export function asPathJson({ vehicle, boot, seq, timeMs, samples }: Report): string {
  const iso = (ms: number): string => new Date(ms).toISOString();
  return JSON.stringify({
    vehicle,
    boot,
    seq,
    time: iso(timeMs),
    signals: samples.map(sample => ({
      path: signalByWire(sample.name)?.path ?? sample.name,
      value: shown(sample),
      time: iso(sample.timeMs),
    })),
  });
}

/** As many decimals as the signal has, so that the rival carries no digit for nothing. */
function shown({ name, value }: Sample): Sample['value'] {
  const resolution = signalByWire(name)?.resolution;
  if (typeof value !== 'number' || resolution === undefined) return value;
  return Number(value.toFixed(Math.max(0, Math.ceil(-Math.log10(resolution)))));
}

const PAPER = (SIGNALS as readonly SignalRow[]).filter(row => row.paper);
const SECOND_MS = 1_000;
const GPS_BEFORE_MS = 300;

/** One size per second of the drive in which the car gives all of the paper's signals; the position is a moment older. */
function allAtOnce(drive: Drive): number[] {
  const engine = new EngineModel(drive);
  const sizes: number[] = [];
  for (let driveMs = 0; driveMs <= drive.durationMs; driveMs += SECOND_MS) {
    const timeMs = Date.UTC(2026, 0, 1) + driveMs;
    const { position } = drive.at(driveMs);
    const values = new Map<string, number>();
    for (const pid of PAPER.flatMap(({ obd }) => (obd === undefined ? [] : [obd.pid]))) {
      const { message } = ecuAnswer([1, pid], { vin: labVin(0), values: () => engine.at(driveMs) });
      if (message === undefined) continue;
      for (const [wire, value] of decodeMode01(Uint8Array.from(message), [pid])) values.set(wire, value);
    }
    const maf = values.get('maf');
    if (position === undefined || maf === undefined) continue;
    values.set('lat', position.latitude).set('lon', position.longitude);
    values.set('fuel', petrolLh(maf, 1)).set('co2', co2Gs(petrolLh(maf, 1), 'petrol', FACTOR_SETS.envirocar));
    if (PAPER.some(({ wire }) => !values.has(wire))) continue;
    const samples = PAPER.map(({ wire }) => ({
      name: wire,
      value: values.get(wire) ?? 0,
      timeMs: wire === 'lat' || wire === 'lon' ? timeMs - GPS_BEFORE_MS : timeMs,
    }));
    sizes.push(encodeReport({ vehicle: 'car-1', boot: 100, seq: 100_000, timeMs, samples }).length);
  }
  return sizes;
}
