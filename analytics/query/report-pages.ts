import type { ReportPage } from '../../protocol/api/analytics.js';
import { fault } from '../../protocol/errors.js';
import { signalByWire } from '../../protocol/signals.js';
import type { HistoryRow, TwinStore } from '../../store/types.js';
import { readReport } from './read-report.js';

export interface PageQuery {
  readonly vehicle: string;
  readonly fromMs: number;
  /** Included. */
  readonly toMs: number;
  readonly limit: number;
  readonly newestFirst: boolean;
  readonly cursor: string | undefined;
}

type Place = Pick<HistoryRow, 'timeMs' | 'boot' | 'seq'>;

const compare = (a: Place, b: Place): number => a.timeMs - b.timeMs || a.boot - b.boot || a.seq - b.seq;

/** A place between two reports, opaque to whoever carries it. */
const encodeCursor = ({ timeMs, boot, seq }: Place): string =>
  Buffer.from(`${timeMs}.${boot}.${seq}`).toString('base64url');

function decodeCursor(text: string): Place {
  const found = /^(\d{1,16})\.(\d{1,9})\.(\d{1,11})$/.exec(Buffer.from(text, 'base64url').toString('latin1'));
  if (found === null) throw fault('REQUEST_INVALID', 'query: cursor is none of ours');
  return { timeMs: Number(found[1]), boot: Number(found[2]), seq: Number(found[3]) };
}

/** One page of reports as they are stored. REQUEST_INVALID for a cursor that is none. */
export async function readReportPage(store: Pick<TwinStore, 'history'>, query: PageQuery): Promise<ReportPage> {
  const { vehicle, limit, newestFirst } = query;
  const after = query.cursor === undefined ? undefined : decodeCursor(query.cursor);
  const sign = newestFirst ? -1 : 1;
  const fromMs = newestFirst || after === undefined ? query.fromMs : Math.max(query.fromMs, after.timeMs);
  const toMs = newestFirst && after !== undefined ? Math.min(query.toMs, after.timeMs) : query.toMs;
  const rows: HistoryRow[] = [];
  for await (const row of store.history(vehicle, { fromMs, toMs: toMs + 1, reverse: newestFirst })) {
    if (after !== undefined && sign * compare(row, after) <= 0) continue;
    // One more than the page tells that there is another.
    if (rows.push(row) > limit) break;
  }
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    vehicle,
    reports: page.map(reportOf),
    ...(rows.length > limit && last !== undefined ? { next: encodeCursor(last) } : {}),
  };
}

function reportOf(row: HistoryRow): ReportPage['reports'][number] {
  const { boot, seq, timeMs, receivedAtMs } = row;
  const report = readReport(row);
  if (report === undefined) return { boot, seq, timeMs, receivedAtMs, samples: [], unreadable: true };
  const samples = report.samples.map(sample => ({
    path: signalByWire(sample.name)?.path ?? sample.name,
    value: sample.value,
    timeMs: sample.timeMs,
  }));
  return { boot, seq, timeMs, receivedAtMs, samples };
}
