import { auditActing } from './acting.js';
import type { HistorySource } from './history-source.js';
import { enterWord, judge, lacks, type Word } from './judge.js';
import { addTally, emptyTally, tallyRange, type RangeTally } from './range-tally.js';
import type { ActingView, AuditResult, ReportCounts, SeqsByBoot, Testimony, Violation } from './types.js';
import type { TallyRecord } from './tally-record.js';
import { VehicleTally } from './vehicle-tally.js';

export interface ReadOptions {
  readonly signal: AbortSignal;
  /** Called after each range; `rows`: of the union, read now. */
  onProgress?(progress: { readonly done: number; readonly of: number; readonly rows: number }): void;
}

/**
 * Reads every range that the record does not have yet, and gives the sum of all. Holds what vehicles, gaps and faults need,
 * however many rows there are. Rejects with what the source rejects with; the record keeps what is done.
 */
export async function readRanges(
  source: HistorySource,
  record: TallyRecord,
  { signal, onProgress }: ReadOptions,
): Promise<RangeTally> {
  const sum = emptyTally(source.domains.length);
  const left = new Map(record.ranges.entries());
  for await (const [index, tally] of record.finished()) {
    addTally(sum, tally);
    left.delete(index);
  }
  const queue = left.entries();
  let rows = 0;
  const stop = new AbortController();
  const until = AbortSignal.any([signal, stop.signal]);
  const reader = async (): Promise<void> => {
    // One queue for all readers: each takes the next range that nobody has.
    for (const [index, range] of queue) {
      until.throwIfAborted();
      const tally = await tallyRange(source, range, until);
      await record.finish(index, tally);
      left.delete(index);
      rows += tally.rows;
      addTally(sum, tally);
      onProgress?.({ done: record.ranges.length - left.size, of: record.ranges.length, rows });
    }
  };
  const readers = Array.from({ length: source.parallel }, () =>
    reader().catch((error: unknown) => {
      stop.abort(error);
      throw error;
    }),
  );
  const results = await Promise.allSettled(readers);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  return sum;
}

const NO_BOOTS: SeqsByBoot = new Map();

/**
 * Checks guarantees 1 to 5 of DESIGN §10 and makes the counts of §7 from rows that have all been read. A vehicle of which
 * reports seem to be missing is read once more: on a system that runs they may have come behind the reader.
 */
export async function conclude(
  source: HistorySource,
  read: RangeTally,
  { acknowledged, marks }: Testimony,
  acting: ActingView | undefined,
): Promise<AuditResult> {
  const perVehicle: ({ readonly vehicle: string } & ReportCounts)[] = [];
  const violations: Violation[] = [];
  const marksOf = new Map(marks.map(mark => [mark.vehicle, mark]));
  const all = new Set([...read.vehicles.keys(), ...marksOf.keys(), ...acknowledged.keys()]);
  for (const vehicle of [...all].sort()) {
    const tally = read.vehicles.get(vehicle) ?? new VehicleTally(vehicle);
    const word: Word = { marks: marksOf.get(vehicle), acknowledged: acknowledged.get(vehicle) ?? NO_BOOTS };
    enterWord(tally, word);
    if (lacks(tally, word)) tally.lookAgain(await tallyVehicle(source, vehicle));
    const result = judge(tally, word);
    perVehicle.push({ vehicle, ...result.counts });
    violations.push(...result.violations);
  }
  if (acting !== undefined) violations.push(...auditActing(acting));
  const domains = source.domains.map((domain, at) => {
    const rows = read.held[at] ?? 0;
    return { domain, rows, missing: read.rows - rows };
  });
  return { reports: sumOf(perVehicle), domains, perVehicle, violations };
}

async function tallyVehicle(source: HistorySource, vehicle: string): Promise<VehicleTally> {
  const tally = new VehicleTally(vehicle);
  for (const domain of source.domains) for await (const row of source.ofVehicle(domain, vehicle)) tally.add(row, false);
  return tally;
}

function sumOf(rows: readonly ReportCounts[]): ReportCounts {
  const total = (field: keyof ReportCounts): number => rows.reduce((so, row) => so + (row[field] ?? 0), 0);
  return {
    sampled: total('sampled'),
    accepted: total('accepted'),
    acknowledged: total('acknowledged'),
    ...(rows.some(row => row.resent !== undefined) ? { resent: total('resent') } : {}),
    stored: total('stored'),
    dropped: total('dropped'),
    lost: total('lost'),
    duplicated: total('duplicated'),
  };
}
