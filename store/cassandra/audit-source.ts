import type { HistorySource, KeyedRow, KeyRange } from '../audit/history-source.js';
import { decodeHistoryValue } from '../rows/history-row.js';
import type { HistoryRow, TwinStore } from '../types.js';
import { statement } from './consistency.js';
import type { Row } from './driver.js';
import type { CassandraSession } from './session.js';
import { historyOrder } from './history-order.js';

const SCAN = statement(
  'history.scan',
  'SELECT token(vehicle, day) AS position, vehicle, day, time, boot, seq, report FROM {twin}.report_history ' +
    'WHERE token(vehicle, day) > ? AND token(vehicle, day) <= ?',
);

/** Tokens are whole numbers from −2^63, which no partition has, to 2^63 − 1. */
const LOWEST = -(2n ** 63n);
const HIGHEST = 2n ** 63n - 1n;
/** Ranges read at once: while one waits for a page of the slowest domain, others go on. */
const PARALLEL = 4;

/** A domain's history, as the nodes of its own datacentre have it. */
export interface DomainHistory {
  readonly session: Pick<CassandraSession, 'pages'>;
  readonly store: Pick<TwinStore, 'history'>;
}

/**
 * The history of one cluster as each of its domains has it, by ranges of tokens: rows of one range stand beside one another
 * on disk, so that a scan of all is as many sequential reads, each page bounded.
 */
export function cassandraSource(name: string, domains: ReadonlyMap<string, DomainHistory>): HistorySource {
  const of = (domain: string): DomainHistory => {
    const found = domains.get(domain);
    if (found === undefined) throw new RangeError(domain);
    return found;
  };
  return {
    name,
    domains: [...domains.keys()],
    parallel: PARALLEL,
    split: count => Promise.resolve(tokenRanges(count)),
    rows: (domain, range) => rowsOf(of(domain).session, range),
    ofVehicle: (domain, vehicle) => of(domain).store.history(vehicle),
  };
}

/** The whole ring in `count` equal parts, `from` not included and `to` included. */
export function tokenRanges(count: number): KeyRange[] {
  const bounds = Array.from({ length: count - 1 }, (_, at) =>
    String(LOWEST + ((HIGHEST - LOWEST) * BigInt(at + 1)) / BigInt(count)),
  );
  return ['', ...bounds].map((from, at) => ({ from, to: bounds[at] ?? '' }));
}

async function* rowsOf(session: Pick<CassandraSession, 'pages'>, { from, to }: KeyRange): AsyncGenerator<KeyedRow> {
  const bounds = [from === '' ? LOWEST : BigInt(from), to === '' ? HIGHEST : BigInt(to)];
  for await (const row of session.pages(SCAN, bounds)) {
    const found = rowOf(row);
    yield { row: found, key: historyOrder(BigInt(row['position'] as bigint), Number(row['day']), found) };
  }
}

const rowOf = (row: Row): HistoryRow => ({
  vehicle: String(row['vehicle']),
  boot: Number(row['boot']),
  seq: Number(row['seq']),
  timeMs: Number(row['time']),
  ...decodeHistoryValue(row['report'] as Buffer),
});
