import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  cellOf,
  joinedCell,
  rollUpBlock,
  withRow,
  NO_REPORTS,
  type Cell,
  type NumberCell,
} from '../../../../analytics/rollup/bucket.js';
import { bucketKey, decodeCells, digestOf, encodeBuckets } from '../../../../analytics/rollup/bucket-row.js';
import type { Point } from '../../../../analytics/query/point.js';

const T0 = Date.UTC(2026, 5, 1);
/** Of few values, so that the least and the greatest come more than once, or of many. */
const value = fc.oneof(fc.integer({ min: -2, max: 2 }), fc.integer({ min: -1_000, max: 1_000 }));
const points = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 0, max: 299_999 }), value), {
    minLength: 1,
    maxLength: 60,
    selector: ([ms]) => ms,
  })
  .map(all => all.map(([ms, value]): Point => [T0 + ms, value]).sort((a, b) => a[0] - b[0]));

describe('a roll-up', () => {
  it('of short spans says of the long one what its samples say', () => {
    fc.assert(
      fc.property(points, samples => {
        const { short, long } = rollUpBlock(T0, new Map([['spd', samples]]));
        assert.deepEqual(long.cells.get('spd'), cellOf(samples));
        const counts = short.map(({ cells }) => cells.get('spd')?.count ?? 0);
        assert.equal(
          counts.reduce((a, b) => a + b, 0),
          samples.length,
        );
        for (const { startMs, cells } of short) {
          const { minAtMs, maxAtMs, lastAtMs } = cells.get('spd') as NumberCell;
          for (const ms of [minAtMs, maxAtMs, lastAtMs]) assert.ok(ms >= startMs && ms < startMs + 10_000);
        }
      }),
    );
  });

  it('keeps of texts the last', () => {
    const made = rollUpBlock(
      T0,
      new Map([
        [
          'fuelm',
          [
            [T0 + 1, 'maf'],
            [T0 + 20_000, 'map'],
          ] as Point[],
        ],
      ]),
    );
    assert.deepEqual(made.long.cells.get('fuelm'), { kind: 'text', count: 2, last: 'map', lastAtMs: T0 + 20_000 });
    assert.equal(joinedCell([]), undefined);
  });

  it('comes back from its bytes: numbers exactly, moments within a hundredth of a second', () => {
    fc.assert(
      fc.property(points, samples => {
        const { short, long } = rollUpBlock(
          T0,
          new Map([
            ['spd', samples],
            ['fuelm', [[T0 + 5, 'é"']] as Point[]],
          ]),
        );
        const digest = { reports: 7, mark: 0xffffffff };
        const key = bucketKey('10s', 'car-1', T0);
        for (const [level, buckets] of [['10s', short] as const, ['5min', [long]] as const]) {
          const bytes = encodeBuckets(level, T0, buckets, digest);
          const columns = new Map<string, Cell[]>([
            ['spd', []],
            ['fuelm', []],
          ]);
          decodeCells(level, key, bytes, columns);
          for (const [wire, back] of columns) {
            const cells = buckets.flatMap(bucket => bucket.cells.get(wire) ?? []);
            const bare = (one: object) => Object.entries(one).filter(([name]) => !name.endsWith('AtMs'));
            assert.deepEqual(back.map(bare), cells.map(bare));
            const moments = (one: Cell) => Object.entries(one).filter(([name]) => name.endsWith('AtMs'));
            for (const [i, cell] of cells.entries())
              for (const [name, ms] of moments(cell)) {
                const found = Object.entries(back[i] ?? {}).find(([other]) => other === name)?.[1] as number;
                assert.ok(Math.abs(found - (ms as number)) <= 10);
              }
          }
          const others = new Map<string, Cell[]>([['no', []]]);
          decodeCells(level, key, bytes, others);
          assert.deepEqual([...others], [['no', []]]);
        }
        assert.deepEqual(digestOf(encodeBuckets('5min', T0, [long], digest)), digest);
      }),
    );
  });

  it('of another form is refused by name', () =>
    assert.throws(() => decodeCells('10s', bucketKey('10s', 'car-1', T0), Buffer.from([9]), new Map()), {
      code: 'STORE_SCHEMA',
    }));

  it('knows its reports again in any order, and tells when one is another', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 2 ** 36 - 1 }), { minLength: 1 }), seqs => {
        const of = (all: readonly number[]) => all.reduce((sum, seq) => withRow(sum, { boot: 1, seq }), NO_REPORTS);
        assert.deepEqual(of(seqs), of(seqs.toReversed()));
        const [first = 1, ...rest] = seqs;
        assert.notEqual(of([first === 1 ? 2 : first - 1, ...rest]).mark, of(seqs).mark);
      }),
    );
  });
});
