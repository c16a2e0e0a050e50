import type { HistoryRow } from '../types.js';
import type { KeyedRow } from './history-source.js';

/** Rows of several domains that stand under one key: copies of one row, unless their bytes differ. */
export interface MergedRow {
  readonly row: HistoryRow;
  readonly differs: boolean;
  /** Which of the scans have it, by their index, ascending. */
  readonly holders: readonly number[];
}

interface Head {
  readonly scan: number;
  readonly rows: AsyncIterator<KeyedRow>;
  at: KeyedRow;
}

/** The union by key of scans that are each in key order, in key order. Holds one row per scan. */
export async function* mergeRows(scans: readonly AsyncIterable<KeyedRow>[]): AsyncGenerator<MergedRow> {
  const open = scans.map(scan => scan[Symbol.asyncIterator]());
  try {
    // Together: each of them waits for another domain.
    const first = await Promise.all(open.map(rows => rows.next()));
    const heads = first.flatMap(({ value, done }, scan): Head[] => {
      const rows = open[scan];
      return done || rows === undefined ? [] : [{ scan, rows, at: value }];
    });
    for (;;) {
      const least = heads.reduce<KeyedRow | undefined>(
        (so, { at }) => (so === undefined || Buffer.compare(at.key, so.key) < 0 ? at : so),
        undefined,
      );
      if (least === undefined) return;
      const copies = heads.filter(({ at }) => Buffer.compare(at.key, least.key) === 0);
      const differs = copies.some(({ at }) => Buffer.compare(at.row.bytes, least.row.bytes) !== 0);
      yield { row: least.row, differs, holders: copies.map(({ scan }) => scan) };
      for (const head of copies) {
        const { value, done } = await head.rows.next();
        if (done) heads.splice(heads.indexOf(head), 1);
        else head.at = value;
      }
    }
  } finally {
    // Where the reader stops early, what was asked for in advance is given up.
    await Promise.all(open.map(rows => rows.return?.()));
  }
}
