import type { HistorySource, KeyedRow, KeyRange } from '../audit/history-source.js';
import { decodeHistoryValue } from '../rows/history-row.js';
import type { HistoryRow, TwinStore } from '../types.js';
import { statement } from './consistency.js';
import type { Row } from './driver.js';
import type { CassandraSession } from './session.js';
import { historyOrder } from './history-order.js';
import { tokenRanges } from './token-ranges.js';

const SCAN = statement(
  'history.scan',
  'SELECT token(vehicle, day) AS position, vehicle, day, time, boot, seq, report FROM {twin}.report_history ' +
    'WHERE token(vehicle, day) > ? AND token(vehicle, day) <= ?',
);

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
    split: count => Promise.resolve(tokenRanges(count).map(({ from, to }) => ({ from: String(from), to: String(to) }))),
    rows: (domain, range) => rowsOf(of(domain).session, range),
    ofVehicle: (domain, vehicle) => of(domain).store.history(vehicle),
  };
}

async function* rowsOf(session: Pick<CassandraSession, 'pages'>, { from, to }: KeyRange): AsyncGenerator<KeyedRow> {
  for await (const row of session.pages(SCAN, [BigInt(from), BigInt(to)])) {
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
