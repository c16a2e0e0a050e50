import assert from 'node:assert/strict';
import fc from 'fast-check';
import { historyOrder } from '../../../../store/cassandra/history-order.js';
import { tokenRanges } from '../../../../store/cassandra/token-ranges.js';
import { row } from '../../../fakes/store-rows.js';

const token = fc.bigInt({ min: -(2n ** 63n) + 1n, max: 2n ** 63n - 1n });

describe('token ranges', () => {
  it('have every token in exactly one, however many they are', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 700 }), token, (count, one) => {
        const ranges = tokenRanges(count);
        assert.equal(ranges.length, count);
        const holding = ranges.filter(({ from, to }) => one > from && one <= to);
        assert.equal(holding.length, 1);
      }),
    );
  });

  it('are about equal', () => {
    const sizes = tokenRanges(7).map(({ from, to }) => to - from);
    for (const size of sizes) assert.ok(size - (sizes[0] ?? 0n) <= 1n && (sizes[0] ?? 0n) - size <= 1n);
  });
});

describe('order of rows in a scan by tokens', () => {
  const rowOf = fc.record({
    token,
    vehicle: fc.stringMatching(/^[a-z0-9-]{1,5}$/),
    day: fc.integer({ min: 0, max: 3 }),
    timeMs: fc.integer({ min: 0, max: 3 }),
    boot: fc.integer({ min: 1, max: 300 }),
    seq: fc.integer({ min: 1, max: 300 }),
  });
  type Row = typeof rowOf extends fc.Arbitrary<infer R> ? R : never;
  const keyOf = ({ token: at, day, vehicle, seq, ...over }: Row): Buffer =>
    historyOrder(at, day, row(vehicle, seq, over));
  const compared = <T extends number | bigint | string>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);

  it('is by token, then by partition, then by time, boot and seq', () => {
    fc.assert(
      fc.property(rowOf, rowOf, fc.boolean(), (a, other, sameToken) => {
        const b = sameToken ? { ...other, token: a.token } : other;
        const expected =
          compared(a.token, b.token) ||
          compared(a.vehicle.length, b.vehicle.length) ||
          compared(a.vehicle, b.vehicle) ||
          compared(a.day, b.day) ||
          compared(a.timeMs, b.timeMs) ||
          compared(a.boot, b.boot) ||
          compared(a.seq, b.seq);
        assert.equal(Buffer.compare(keyOf(a), keyOf(b)), expected);
      }),
    );
  });
});
