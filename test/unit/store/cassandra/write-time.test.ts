import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MAX_BOOT, MAX_SEQ } from '../../../../protocol/report.js';
import { writeTimeOf } from '../../../../store/cassandra/write-time.js';

const id = fc.record({
  boot: fc.integer({ min: 0, max: MAX_BOOT }),
  seq: fc.maxSafeInteger().map(n => Math.abs(n) % (MAX_SEQ + 1)),
});

describe('the write time of a live cell', () => {
  it('has the order of (boot, seq), and is one only where they are', () =>
    fc.assert(
      fc.property(id, id, (a, b) => {
        const order = Math.sign(a.boot - b.boot || a.seq - b.seq);
        const [x, y] = [writeTimeOf(a), writeTimeOf(b)];
        assert.equal(x < y ? -1 : x > y ? 1 : 0, order);
      }),
    ));

  it('fits the 64 bits with a sign that Cassandra has for it', () => {
    assert.equal(writeTimeOf({ boot: 0, seq: 0 }), 0n);
    assert.equal(writeTimeOf({ boot: 1, seq: 5 }), 2n ** 36n + 5n);
    assert.equal(writeTimeOf({ boot: MAX_BOOT, seq: MAX_SEQ }), 2n ** 63n - 1n);
  });

  for (const [boot, seq] of [
    [MAX_BOOT + 1, 1],
    [1, MAX_SEQ + 1],
    [-1, 1],
    [1, -1],
    [1.5, 1],
    [Number.NaN, 1],
  ] as const)
    it(`is refused for boot ${boot}, seq ${seq}`, () =>
      assert.throws(() => writeTimeOf({ boot, seq }), { code: 'STORE_FAILED' }));
});
