import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { AccessPoint } from '../../../../protocol/topology.js';
import { distanceM, type Position } from '../../../../lab/drive/geo.js';
import { DEFAULT_RULE, nextAccessPoint } from '../../../../lab/radio/attachment.js';

/** On the equator, so that metres are degrees times a constant. */
const METRE = 1 / 111_195;
const point = (metres: number): Position => ({ latitude: 0, longitude: metres * METRE });
const ap = (id: string, metres: number, rangeM = 100): AccessPoint => ({
  id,
  domain: 'edge-1',
  ...point(metres),
  rangeM,
});
const TWO = [ap('a', 0), ap('b', 150)];

describe('nextAccessPoint', () => {
  it('takes the best in range at first', () => assert.equal(nextAccessPoint(undefined, point(100), TWO), 'b'));
  it('takes none where none reaches', () => assert.equal(nextAccessPoint(undefined, point(-101), TWO), undefined));
  it('stays while the other is only a little better, and changes once it is clearly so', () => {
    assert.equal(nextAccessPoint('a', point(79), TWO), 'a');
    assert.equal(nextAccessPoint('b', point(79), TWO), 'b');
    assert.equal(nextAccessPoint('a', point(81), TWO), 'b');
  });
  it('stays with the nearest outside of every coverage until it is lost', () => {
    assert.equal(nextAccessPoint('a', point(-120), TWO), 'a');
    assert.equal(nextAccessPoint('a', point(-130), TWO), undefined);
    assert.equal(nextAccessPoint(undefined, point(-120), TWO), undefined);
  });
  it('leaves one that no longer reaches for one that does, however little better that is', () =>
    assert.equal(nextAccessPoint('a', point(101), [ap('a', 0), ap('b', 195)]), 'b'));
  it('leaves one that is gone from the list', () => assert.equal(nextAccessPoint('x', point(0), TWO), 'a'));

  const accessPoints = fc
    .array(fc.record({ at: fc.integer({ min: -1_000, max: 1_000 }), rangeM: fc.integer({ min: 20, max: 500 }) }), {
      minLength: 1,
      maxLength: 6,
    })
    .map(list => list.map(({ at, rangeM }, index) => ap(`ap-${index}`, at, rangeM)));
  const places = fc.array(fc.integer({ min: -1_500, max: 1_500 }), { minLength: 1, maxLength: 40 });
  const inRange = (list: readonly AccessPoint[], position: Position): readonly string[] =>
    list.filter(found => distanceM(found, position) <= found.rangeM).map(({ id }) => id);

  it('is never out of range while another is in range, whatever the way', () =>
    fc.assert(
      fc.property(accessPoints, places, (list, way) => {
        let current: string | undefined;
        for (const metres of way) {
          current = nextAccessPoint(current, point(metres), list);
          const reach = inRange(list, point(metres));
          if (reach.length > 0) assert.ok(current !== undefined && reach.includes(current));
        }
      }),
    ));

  it('does not change back while the car stays, nor by a wobble that is less than the hysteresis', () =>
    fc.assert(
      fc.property(
        accessPoints,
        fc.integer({ min: -1_500, max: 1_500 }),
        fc.array(fc.double({ min: -1, max: 1, noNaN: true })),
        (list, metres, wobbles) => {
          const first = nextAccessPoint(undefined, point(metres), list);
          const least = Math.min(...list.map(({ rangeM }) => rangeM));
          // Two strains change by at most twice the wobble over the least range: less than the hysteresis in sum. Coverage
          // edges are another reason to change, so the place is one that all wobbles leave within the same coverages.
          const byM = (DEFAULT_RULE.hysteresis * least) / 4.001;
          const reach = (at: number): string => inRange(list, point(at)).join();
          fc.pre(first !== undefined && [-byM, byM].every(by => reach(metres + by) === reach(metres)));
          let current: string | undefined = first;
          for (const wobble of wobbles) {
            current = nextAccessPoint(current, point(metres + wobble * byM), list);
            assert.equal(current, first);
          }
        },
      ),
    ));
});
