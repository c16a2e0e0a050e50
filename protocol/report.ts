import { shortestWithin } from './cbor.js';
import { fault } from './errors.js';
import { readPlainPack } from './plain-pack.js';
import type { Sample } from './sample.js';
import { decodeSenml, encodeSenml, type SenmlRecord, type SenmlValue } from './senml.js';
import { signalByWire } from './signals.js';

/**
 * A report (DESIGN §7): `POST /r?v=1`, SenML-CBOR (content format 112). Base name `<vehicle>/`; the first two records
 * are `boot` and `seq`; base time is the newest sample's; one record per signal, older ones with t < 0.
 */
export const REPORT_VERSION = 1;
export const REPORT_MAX_BYTES = 1_024;
/** 27 bits of boot and 36 of seq make the unique write time `boot << 36 | seq` of a live cell. */
export const MAX_BOOT = 2 ** 27 - 1;
export const MAX_SEQ = 2 ** 36 - 1;

export const VEHICLE_ID = /^[a-z0-9-]{1,32}$/;

/**
 * Records that tell about the reporting itself; never signals. Their values are texts, see `MetaBoot`, `MetaGap`,
 * `MetaClock`, `proofOf`, `ReportedSettings` and `encodeLeftOut`.
 */
export const META = {
  boot: 'meta/boot',
  gap: 'meta/gap',
  clock: 'meta/clock',
  proof: 'meta/proof',
  settings: 'meta/settings',
  budget: 'meta/budget',
} as const;

export interface ReportId {
  readonly vehicle: string;
  /** Start counter of the agent, on its disk. */
  readonly boot: number;
  /** Counts without gaps from 1 within a boot. */
  readonly seq: number;
}

export interface Report extends ReportId {
  /** The key time: that of the newest sample, Unix milliseconds UTC, whole. */
  readonly timeMs: number;
  readonly samples: readonly Sample[];
}

/** Bytes of a report. Values are rounded by at most a quarter of their signal's resolution, times to 1/128 s. */
export function encodeReport(report: Report): Uint8Array {
  const records: SenmlRecord[] = [
    { bn: `${report.vehicle}/`, bt: report.timeMs / 1000, n: 'boot', value: report.boot },
    { n: 'seq', value: report.seq },
  ];
  for (const { name, value, timeMs } of report.samples) {
    const resolution = signalByWire(name)?.resolution;
    const shown = typeof value === 'number' && resolution !== undefined ? shortestWithin(value, resolution / 4) : value;
    records.push({ n: name, value: shown, t: Math.round((timeMs - report.timeMs) * 0.128) / 128 });
  }
  return encodeSenml(records);
}

/** Throws REPORT_MALFORMED or REPORT_TOO_LARGE. Unknown names and implausible values are kept: they are data. */
export const decodeReport = (bytes: Uint8Array): Report => decodeReportPart(bytes, undefined);

/** The same for a reader who has a use for samples of the `wanted` wire names only: others may be left out. */
export function decodeReportPart(bytes: Uint8Array, wanted: ReadonlySet<string> | undefined): Report {
  if (bytes.length > REPORT_MAX_BYTES) throw fault('REPORT_TOO_LARGE', `${bytes.length} bytes`);
  const plain = readPlainPack(bytes, wanted);
  if (plain === undefined) return decodeAnyReport(bytes);
  const { base, baseTimeS, boot, seq, samples } = plain;
  const vehicle = base.slice(0, -1);
  if (!base.endsWith('/') || !VEHICLE_ID.test(vehicle)) throw fault('REPORT_MALFORMED', BAD_BASE);
  return {
    vehicle,
    boot: counter(boot, 'boot', MAX_BOOT),
    seq: counter(seq, 'seq', MAX_SEQ),
    timeMs: keyTime(baseTimeS),
    samples,
  };
}

const BAD_BASE = 'the base name is not <vehicle>/';

/** The same for SenML of any form. */
export function decodeAnyReport(bytes: Uint8Array): Report {
  const [bootRecord, seqRecord, ...rest] = decodeSenml(bytes);
  if (bootRecord === undefined || seqRecord === undefined) throw fault('REPORT_MALFORMED', 'boot and seq are missing');
  const slash = bootRecord.name.indexOf('/');
  const vehicle = bootRecord.name.slice(0, Math.max(slash, 0));
  if (!VEHICLE_ID.test(vehicle)) throw fault('REPORT_MALFORMED', BAD_BASE);
  const prefix = `${vehicle}/`;
  if (bootRecord.name !== `${prefix}boot` || seqRecord.name !== `${prefix}seq`)
    throw fault('REPORT_MALFORMED', 'boot and seq do not come first');
  const boot = counter(bootRecord.value, 'boot', MAX_BOOT);
  const seq = counter(seqRecord.value, 'seq', MAX_SEQ);
  const timeMs = keyTime(bootRecord.t);
  const samples = rest.map(({ name, value, t }) => ({
    name: name.startsWith(prefix) ? name.slice(prefix.length) : name,
    value,
    timeMs: Math.round(t * 1000),
  }));
  return { vehicle, boot, seq, timeMs, samples };
}

function keyTime(timeS: number): number {
  const timeMs = Math.round(timeS * 1000);
  if (Number.isSafeInteger(timeMs) && timeMs >= 2 ** 28 * 1000 && timeMs <= 8.64e15) return timeMs;
  throw fault('REPORT_MALFORMED', 'the base time is not an absolute time');
}

function counter(value: SenmlValue, name: string, max: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw fault('REPORT_MALFORMED', `${name} is not a number in 1 to ${max}`);
}

export type GapReason = 'bound' | 'rejected' | 'corrupt';

/** A declared gap: the seqs `from` to `to` (both included) of `boot` will not come. */
export interface MetaGap {
  readonly boot: number;
  readonly from: number;
  readonly to: number;
  readonly reason: GapReason;
}

export const encodeGap = (gap: MetaGap): string => `${gap.boot},${gap.from},${gap.to},${gap.reason}`;

export function decodeGap(text: SenmlValue): MetaGap | undefined {
  const found = /^(\d+),(\d+),(\d+),(bound|rejected|corrupt)$/.exec(String(text));
  if (found === null) return undefined;
  return { boot: Number(found[1]), from: Number(found[2]), to: Number(found[3]), reason: found[4] as GapReason };
}

/**
 * What a time stamp rests on. `estimated`: a clock for which nobody vouches. `suspect`: not even that, for it showed a date
 * that cannot be; order and distances are right, the moment is not known.
 */
export const CLOCK_SOURCES = ['gps', 'system', 'estimated', 'suspect'] as const;
export type ClockSource = (typeof CLOCK_SOURCES)[number];

/** In the first report of a boot: the boot before, its last accepted seq, and what the time stamps rest on. */
export interface MetaBoot {
  /** 0 where there was none. */
  readonly previousBoot: number;
  readonly lastAcceptedSeq: number;
  readonly clock: ClockSource;
}

export const encodeBoot = (boot: MetaBoot): string => `${boot.previousBoot},${boot.lastAcceptedSeq},${boot.clock}`;

export function decodeBoot(text: SenmlValue): MetaBoot | undefined {
  const found = /^(\d+),(\d+),(gps|system|estimated|suspect)$/.exec(String(text));
  if (found === null) return undefined;
  return { previousBoot: Number(found[1]), lastAcceptedSeq: Number(found[2]), clock: found[3] as ClockSource };
}

/** A better clock was found: key times of the seqs `from` to `to` of `boot` are off by `correctionMs`, to be added when reading. */
export interface MetaClock {
  readonly boot: number;
  readonly from: number;
  readonly to: number;
  readonly correctionMs: number;
  readonly clock: ClockSource;
}

export const encodeClock = (meta: MetaClock): string =>
  `${meta.boot},${meta.from},${meta.to},${Math.round(meta.correctionMs)},${meta.clock}`;

export function decodeClock(text: SenmlValue): MetaClock | undefined {
  const found = /^(\d+),(\d+),(\d+),(-?\d+),(gps|system|estimated|suspect)$/.exec(String(text));
  if (found === null) return undefined;
  return {
    boot: Number(found[1]),
    from: Number(found[2]),
    to: Number(found[3]),
    correctionMs: Number(found[4]),
    clock: found[5] as ClockSource,
  };
}
