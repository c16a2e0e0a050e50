import { basename } from 'node:path';
import {
  decodeHistoryKey,
  decodeHistoryRow,
  encodeHistoryKey,
  historyKeyFrom,
  MAX_TIME_MS,
} from '../rows/history-row.js';
import type { LmdbTwinStore } from '../lmdb/twin-store.js';
import type { HistorySource, KeyedRow, KeyRange } from './history-source.js';

const PAGE_ROWS = 512;

type Store = Pick<LmdbTwinStore, 'rawRowsAfter' | 'history'>;

/**
 * The embedded stores of some domains, by the folders in which they lie. Ranges are of vehicle ids, from `from` up to but
 * not with `to`; an empty text is an open end.
 */
export function lmdbSource(stores: ReadonlyMap<string, Store>): HistorySource {
  const names = [...stores.keys()].map(path => basename(path));
  // Two folders of one name are told apart by their whole paths.
  const byDomain = new Map(
    [...stores].map(([path, store], at) => [new Set(names).size < names.length ? path : (names[at] ?? path), store]),
  );
  const of = (domain: string): Store => {
    const store = byDomain.get(domain);
    if (store === undefined) throw new RangeError(domain);
    return store;
  };
  return {
    name: [...stores.keys()].join(','),
    domains: [...byDomain.keys()],
    parallel: 1,
    split: count => Promise.resolve(split([...stores.values()].flatMap(vehiclesIn), count)),
    rows: (domain, range) => rowsOf(of(domain), range),
    ofVehicle: (domain, vehicle) => of(domain).history(vehicle),
  };
}

/** Every vehicle that has a row, by jumping from the last possible key of one to the first of the next. */
function vehiclesIn(store: Store): string[] {
  const vehicles: string[] = [];
  for (let after: Uint8Array | undefined; ;) {
    const [row] = store.rawRowsAfter(after, 1);
    if (row === undefined) return vehicles;
    const { vehicle } = decodeHistoryKey(row.key);
    vehicles.push(vehicle);
    after = historyKeyFrom(vehicle, MAX_TIME_MS + 1);
  }
}

/** Ranges of about as many vehicles each; those that come later are in one of them as well. */
function split(found: readonly string[], count: number): KeyRange[] {
  const vehicles = [...new Set(found)].sort();
  const step = Math.max(1, Math.ceil(vehicles.length / count));
  const bounds = vehicles.filter((_, at) => at > 0 && at % step === 0);
  return ['', ...bounds].map((from, at) => ({ from, to: bounds[at] ?? '' }));
}

async function* rowsOf(store: Store, { from, to }: KeyRange): AsyncGenerator<KeyedRow> {
  const end = to === '' ? undefined : encodeHistoryKey({ vehicle: to, timeMs: 0, boot: 0, seq: 0 });
  // Boots begin at 1, so neither bound is ever the key of a row.
  let after: Uint8Array | undefined = from === '' ? undefined : historyKeyFrom(from, 0);
  for (;;) {
    const page = store.rawRowsAfter(after, PAGE_ROWS);
    for (const { key, value } of page) {
      if (end !== undefined && Buffer.compare(key, end) >= 0) return;
      yield { key, row: decodeHistoryRow(key, value) };
    }
    after = page.at(-1)?.key;
    if (after === undefined) return;
  }
}
