import { encodeHistoryKey } from '../rows/history-row.js';
import type { HistoryRow } from '../types.js';

/** Rows of several domains that stand under one key: copies of one row, unless their bytes differ. */
export interface MergedRow {
  readonly row: HistoryRow;
  readonly differs: boolean;
}

interface Head {
  readonly rows: AsyncIterator<HistoryRow>;
  row: HistoryRow;
  key: Buffer;
}

/** The union by key of scans that are each in key order, in key order. Holds one row per scan. */
export async function* mergeRows(scans: readonly AsyncIterable<HistoryRow>[]): AsyncGenerator<MergedRow> {
  const heads: Head[] = [];
  for (const scan of scans) {
    const rows = scan[Symbol.asyncIterator]();
    const { value, done } = await rows.next();
    if (!done) heads.push({ rows, row: value, key: encodeHistoryKey(value) });
  }
  for (;;) {
    const first = heads.reduce<Head | undefined>(
      (least, head) => (least === undefined || Buffer.compare(head.key, least.key) < 0 ? head : least),
      undefined,
    );
    if (first === undefined) return;
    const { row, key } = first;
    let differs = false;
    for (const head of [...heads]) {
      if (Buffer.compare(head.key, key) !== 0) continue;
      differs ||= Buffer.compare(head.row.bytes, row.bytes) !== 0;
      const { value, done } = await head.rows.next();
      if (done) heads.splice(heads.indexOf(head), 1);
      else {
        head.row = value;
        head.key = encodeHistoryKey(value);
      }
    }
    yield { row, differs };
  }
}
