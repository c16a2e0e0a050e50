import assert from 'node:assert/strict';
import fc from 'fast-check';
import { downsample, pointsOf, withGaps } from '../../../../analytics/query/series.js';
import type { Point } from '../../../../analytics/query/point.js';
import type { Report } from '../../../../protocol/report.js';
import { signalByWire } from '../../../../protocol/signals.js';

const speed = signalByWire('spd')!;
const reportOf = (seq: number, timeMs: number, value: number): Report => ({
  vehicle: 'car-1',
  boot: 1,
  seq,
  timeMs,
  samples: [{ name: 'spd', value, timeMs }],
});
const points = (values: readonly number[]): Point[] => values.map((value, i) => [1_000 * i, value]);
const numbers = (found: readonly Point[]): number[] =>
  found.flatMap(([, value]) => (typeof value === 'number' ? [value] : []));

describe('a series of past values', () => {
  const span = { fromMs: 0, toMs: 10_000 };

  it('is ascending by time, in whatever order the reports came', () => {
    const found = pointsOf(speed, [reportOf(3, 3_000, 3), reportOf(1, 1_000, 1), reportOf(2, 2_000, 2)], span);
    assert.deepEqual(found, [
      [1_000, 1],
      [2_000, 2],
      [3_000, 3],
    ]);
  });

  it('holds a sample that two reports carry once, the newer report’s', () => {
    assert.deepEqual(pointsOf(speed, [reportOf(2, 1_000, 8), reportOf(1, 1_000, 7)], span), [[1_000, 8]]);
  });

  it('leaves out what is outside of the span, or out of the signal’s range', () => {
    assert.deepEqual(pointsOf(speed, [reportOf(1, 10_001, 1), reportOf(2, 5_000, 999)], span), []);
  });

  it('keeps gaps as gaps', () => {
    const found = withGaps(
      [
        [0, 1],
        [1_000, 2],
        [9_000, 3],
      ],
      5_000,
    );
    assert.deepEqual(found, [
      [0, 1],
      [1_000, 2],
      [1_001, null],
      [9_000, 3],
    ]);
  });

  it('is left as it is where it is short enough', () => {
    assert.deepEqual(downsample(points([1, 5, 2]), 3), points([1, 5, 2]));
  });

  it('keeps first, last, least and greatest, stays within its limit and in order, whatever the values', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 400 }),
        fc.integer({ min: 4, max: 60 }),
        (values, limit) => {
          const all = points(values);
          const found = downsample(all, limit);
          assert.ok(found.length <= Math.max(limit, 0) + 2);
          assert.deepEqual(found[0], all[0]);
          assert.deepEqual(found.at(-1), all.at(-1));
          assert.equal(Math.max(...numbers(found)), Math.max(...values));
          assert.equal(Math.min(...numbers(found)), Math.min(...values));
          const known = new Set(all);
          assert.ok(found.every((point, i) => known.has(point) && (found[i - 1]?.[0] ?? -1) < point[0]));
        },
      ),
    );
  });

  it('thins texts without inventing an order among them', () => {
    const texts: Point[] = Array.from({ length: 100 }, (_, i) => [i, i < 50 ? 'petrol' : 'diesel']);
    const found = downsample(texts, 10);
    assert.ok(found.length <= 12);
    assert.deepEqual([found[0]?.[1], found.at(-1)?.[1]], ['petrol', 'diesel']);
  });
});
