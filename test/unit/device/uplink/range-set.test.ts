import assert from 'node:assert/strict';
import fc from 'fast-check';
import { joinRanges, rangesOf } from '../../../../device/uplink/key-set.js';
import { RangeSet } from '../../../../device/uplink/range-set.js';
import type { Key } from '../../../../device/uplink/key.js';

const range = fc
  .tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 30 }), fc.integer({ min: 0, max: 12 }))
  .map(([boot, from, length]) => ({ boot, from, to: from + length - 1 }));
const keysIn = ({ boot, from, to }: { boot: number; from: number; to: number }): string[] =>
  Array.from({ length: to - from + 1 }, (_, at) => `${boot}/${from + at}`);
const keyOf = (id: string): Key => {
  const [boot = 0, seq = 0] = id.split('/').map(Number);
  return { boot, seq };
};

describe('a set of ranges', () => {
  it('is the set of its keys, in the fewest ranges, in any order of changes', () =>
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), range), { maxLength: 40 }), range, (changes, window) => {
        const set = new RangeSet();
        const model = new Set<string>();
        for (const [adds, change] of changes) {
          if (adds) set.add(change);
          else set.delete(change);
          for (const id of keysIn(change))
            if (adds) model.add(id);
            else model.delete(id);
        }
        assert.deepEqual(set.ranges(), rangesOf([...model].map(keyOf)));
        assert.equal(set.size, model.size);
        for (const id of keysIn({ boot: 1, from: 0, to: 50 })) assert.equal(set.has(keyOf(id)), model.has(id), id);
        assert.deepEqual(
          set.within(window).flatMap(keysIn),
          keysIn(window).filter(id => model.has(id)),
        );
      }),
      { numRuns: 500 },
    ));

  it('is quick with a hundred thousand holes', () => {
    const set = new RangeSet();
    set.add({ boot: 1, from: 1, to: 200_000 });
    for (let seq = 2; seq <= 200_000; seq += 2) set.delete({ boot: 1, from: seq, to: seq });
    assert.equal(set.size, 100_000);
    assert.equal(joinRanges(set.ranges(), 256).length, 256);
  });

  it('joined, holds at least what it held, in at most so many ranges, the smallest holes closed first', () =>
    fc.assert(
      fc.property(fc.array(range, { maxLength: 30 }), fc.integer({ min: 2, max: 10 }), (ranges, max) => {
        const set = new RangeSet();
        for (const one of ranges) set.add(one);
        const joined = joinRanges(set.ranges(), max);
        assert.ok(joined.length <= max);
        const held = new Set(joined.flatMap(keysIn));
        for (const one of set.ranges()) for (const id of keysIn(one)) assert.ok(held.has(id), id);
        if (set.ranges().length <= max) assert.deepEqual(joined, set.ranges());
      }),
    ));
  it('joins over the smallest holes', () => {
    const ranges = [1, 3, 10, 12, 40].map(seq => ({ boot: 1, from: seq, to: seq }));
    assert.deepEqual(joinRanges(ranges, 3), [
      { boot: 1, from: 1, to: 3 },
      { boot: 1, from: 10, to: 12 },
      { boot: 1, from: 40, to: 40 },
    ]);
  });
});
