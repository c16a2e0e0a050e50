import assert from 'node:assert/strict';
import fc from 'fast-check';
import { VehicleTally } from '../../../../store/audit/vehicle-tally.js';
import { START_MS, row } from '../../../fakes/store-rows.js';

const rowOf = fc.record({
  boot: fc.integer({ min: 1, max: 2 }),
  seq: fc.integer({ min: 1, max: 12 }),
  timeMs: fc.constantFrom(START_MS, START_MS + 1),
  part: fc.integer({ min: 0, max: 3 }),
});
const keyOf = ({ boot, seq, timeMs }: { boot: number; seq: number; timeMs: number }): string =>
  `${boot} ${seq} ${timeMs}`;

describe('VehicleTally', () => {
  it('says the same however rows are divided and in whatever order the parts come', () => {
    fc.assert(
      fc.property(fc.uniqueArray(rowOf, { selector: keyOf, maxLength: 40 }), fc.boolean(), (rows, backwards) => {
        const whole = new VehicleTally('car-1');
        const parts = [0, 1, 2, 3].map(() => new VehicleTally('car-1'));
        for (const { part, ...over } of rows) {
          whole.add(row('car-1', over.seq, over), false);
          parts[part]?.add(row('car-1', over.seq, over), false);
        }
        const sum = new VehicleTally('car-1');
        for (const part of backwards ? parts.toReversed() : parts) sum.merge(part);
        assert.deepEqual(new Map([...sum.boots].sort()), new Map([...whole.boots].sort()));
      }),
    );
  });

  it('finds a report under two times that stand in different parts', () => {
    const [one, other] = [new VehicleTally('car-1'), new VehicleTally('car-1')];
    for (const seq of [1, 2, 3]) one.add(row('car-1', seq), false);
    for (const seq of [3, 4]) other.add(row('car-1', seq, { timeMs: START_MS + 86_400_000 }), false);
    one.merge(other);
    assert.deepEqual(one.boots.get(1)?.twice, [[3, 3]]);
    assert.deepEqual(one.boots.get(1)?.stored, [[1, 4]]);
  });

  it('is not changed through a copy of it', () => {
    const first = new VehicleTally('car-1');
    first.add(row('car-1', 1), false);
    const copy = new VehicleTally('car-1', first.boots);
    copy.add(row('car-1', 2), false);
    assert.deepEqual(first.boots.get(1)?.stored, [[1, 1]]);
  });
});
