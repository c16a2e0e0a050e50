import assert from 'node:assert/strict';
import fc from 'fast-check';
import { NO_SLOT, labelSlots, type Labelled } from '../../../../analytics/web/client/label-slots.js';

const mark = (x: number, y: number, slot = NO_SLOT): Labelled => ({ x, y, widthPx: 46, slot });

describe('names on the map', () => {
  it('stand below a mark that is alone', () => {
    assert.deepEqual(labelSlots([mark(100, 100)]), [0]);
  });

  it('of cars at one place stand around it, and the one too many is left out', () => {
    const slots = labelSlots(Array.from({ length: 5 }, () => mark(100, 100)));
    assert.deepEqual(slots, [0, 1, 2, 3, NO_SLOT]);
  });

  it('stay where they stood while there is room', () => {
    assert.deepEqual(labelSlots([mark(100, 100, 2), mark(400, 100, 3)]), [2, 3]);
  });

  it('never lie on one another', () => {
    const marks = fc.array(
      fc.record({
        x: fc.integer({ min: 0, max: 300 }),
        y: fc.integer({ min: 0, max: 300 }),
        widthPx: fc.integer({ min: 20, max: 90 }),
        slot: fc.integer({ min: 0, max: NO_SLOT }),
      }),
      { maxLength: 30 },
    );
    const boxOf = ({ x, y, widthPx }: Labelled, slot: number) => {
      const [left, top] = [
        [x - widthPx / 2, y + 13],
        [x + 13, y - 8.5],
        [x - widthPx / 2, y - 30],
        [x - 13 - widthPx, y - 8.5],
      ][slot]!;
      return { left: left!, top: top!, right: left! + widthPx, bottom: top! + 17 };
    };
    fc.assert(
      fc.property(marks, found => {
        const boxes = labelSlots(found).flatMap((slot, i) => (slot === NO_SLOT ? [] : [boxOf(found[i]!, slot)]));
        for (const [i, a] of boxes.entries())
          for (const b of boxes.slice(i + 1))
            assert.ok(a.left >= b.right || a.right <= b.left || a.top >= b.bottom || a.bottom <= b.top);
      }),
    );
  });
});
