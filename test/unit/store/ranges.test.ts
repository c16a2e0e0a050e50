import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  addRange,
  addSeq,
  commonRanges,
  compactRanges,
  countSeqs,
  covers,
  hasSeq,
  mergeRanges,
  missingIn,
  NO_SEQS,
  type SeqRanges,
} from '../../../store/ranges.js';

const seq = fc.integer({ min: 1, max: 60 });
const seqs = fc.array(seq, { maxLength: 80 });
const of = (list: readonly number[]): SeqRanges => list.reduce(addSeq, NO_SEQS);
const listed = (ranges: SeqRanges): number[] =>
  ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i));
const sorted = (list: Iterable<number>): number[] => [...new Set(list)].sort((a, b) => a - b);

describe('ranges of seqs', () => {
  it('hold exactly what was added, in whatever order, as few ranges as can be', () => {
    fc.assert(
      fc.property(seqs, list => {
        const ranges = of(list);
        assert.deepEqual(listed(ranges), sorted(list));
        assert.equal(countSeqs(ranges), new Set(list).size);
        for (let i = 1; i < ranges.length; i++) assert.ok(ranges[i]![0] > ranges[i - 1]![1] + 1);
        for (let one = 0; one <= 62; one++) assert.equal(hasSeq(ranges, one), list.includes(one));
      }),
    );
  });

  it('merge as sets do', () => {
    fc.assert(
      fc.property(seqs, seqs, (a, b) => {
        assert.deepEqual(mergeRanges(of(a), of(b)), of([...a, ...b]));
        assert.equal(
          covers(of(a), of(b)),
          b.every(one => a.includes(one)),
        );
        assert.ok(covers(of([...a, ...b]), of(b)));
      }),
    );
  });

  it('have in common what both sets have', () => {
    fc.assert(
      fc.property(seqs, seqs, (a, b) => {
        assert.deepEqual(commonRanges(of(a), of(b)), of(a.filter(one => b.includes(one))));
      }),
    );
  });

  it('know what is missing between two seqs', () => {
    fc.assert(
      fc.property(seqs, seq, seq, (list, from, to) => {
        const wanted = Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
        assert.deepEqual(
          listed(missingIn(of(list), from, to)),
          wanted.filter(one => !list.includes(one)),
        );
      }),
    );
  });

  it('take whole ranges, and nothing where the end is before the begin', () => {
    assert.deepEqual(
      addRange(
        [
          [1, 2],
          [5, 6],
          [9, 9],
        ],
        3,
        7,
      ),
      [
        [1, 7],
        [9, 9],
      ],
    );
    assert.deepEqual(addRange([[1, 2]], 5, 4), [[1, 2]]);
  });

  it('keep the newest 64 when there are more', () => {
    const ragged = of(Array.from({ length: 70 }, (_, i) => i * 2));
    assert.deepEqual(compactRanges(ragged), ragged.slice(6));
    assert.equal(compactRanges(ragged.slice(0, 64)).length, 64);
  });
});
