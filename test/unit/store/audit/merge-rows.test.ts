import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { KeyedRow } from '../../../../store/audit/history-source.js';
import { mergeRows } from '../../../../store/audit/merge-rows.js';
import { collect, row } from '../../../fakes/store-rows.js';

const keyed = (at: number): KeyedRow => ({ key: Buffer.from([at]), row: row('car-1', at) });
async function* scan(rows: readonly KeyedRow[], onEnd?: () => void): AsyncGenerator<KeyedRow> {
  try {
    yield* rows;
  } finally {
    onEnd?.();
  }
}

describe('mergeRows', () => {
  it('gives each row of the union once, in order, with who has it', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.uniqueArray(fc.integer({ min: 1, max: 60 })), { maxLength: 4 }),
        async (domains: number[][]) => {
          const sorted = domains.map(seqs => seqs.toSorted((a, b) => a - b));
          const merged = await collect(mergeRows(sorted.map(seqs => scan(seqs.map(keyed)))));
          const union = [...new Set(domains.flat())].sort((a, b) => a - b);
          assert.deepEqual(
            merged.map(({ row: { seq }, holders }) => [seq, holders]),
            union.map(seq => [seq, domains.flatMap((seqs, at) => (seqs.includes(seq) ? [at] : []))]),
          );
          assert.ok(merged.every(({ differs }) => !differs));
        },
      ),
    ));

  it('sees where copies are not alike', async () => {
    const other: KeyedRow = { ...keyed(2), row: { ...row('car-1', 2), bytes: Buffer.from('x') } };
    const merged = await collect(mergeRows([scan([keyed(1), keyed(2)]), scan([other, keyed(3)])]));
    assert.deepEqual(
      merged.map(({ differs }) => differs),
      [false, true, false],
    );
  });

  it('closes every scan where its reader stops early', async () => {
    const ended: string[] = [];
    const scans = ['a', 'b'].map(name => scan([keyed(1), keyed(2)], () => ended.push(name)));
    for await (const { row: first } of mergeRows(scans)) if (first.seq === 1) break;
    assert.deepEqual(ended, ['a', 'b']);
  });
});
