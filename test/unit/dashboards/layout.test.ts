import assert from 'node:assert/strict';
import fc from 'fast-check';
import { laidOut } from '../../../dashboards/kit/layout.js';

describe('layout of a dashboard', () => {
  it('puts low panels on each other beside a high one', () => {
    const { places, bottom } = laidOut(
      [
        { w: 14, h: 14 },
        { w: 10, h: 7 },
        { w: 10, h: 7 },
        { w: 24, h: 5 },
      ],
      3,
    );
    assert.deepEqual(places, [
      { x: 0, y: 3, w: 14, h: 14 },
      { x: 14, y: 3, w: 10, h: 7 },
      { x: 14, y: 10, w: 10, h: 7 },
      { x: 0, y: 17, w: 24, h: 5 },
    ]);
    assert.equal(bottom, 22);
  });

  it('never lets two panels share a place, whatever their sizes', () => {
    const size = fc.record({ w: fc.integer({ min: 1, max: 24 }), h: fc.integer({ min: 1, max: 12 }) });
    fc.assert(
      fc.property(fc.array(size, { maxLength: 20 }), sizes => {
        const { places, bottom } = laidOut(sizes, 1);
        const taken = new Set<string>();
        for (const { x, y, w, h } of places) {
          assert.ok(x >= 0 && x + w <= 24 && y >= 1 && y + h <= bottom);
          for (let column = x; column < x + w; column++)
            for (let row = y; row < y + h; row++) {
              assert.ok(!taken.has(`${column} ${row}`));
              taken.add(`${column} ${row}`);
            }
        }
      }),
    );
  });
});
