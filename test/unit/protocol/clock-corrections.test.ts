import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ClockCorrections } from '../../../protocol/clock-corrections.js';
import { encodeClock, META, type MetaClock, type Report } from '../../../protocol/report.js';

const report = (seq: number, said: readonly MetaClock[] = [], boot = 2): Report => ({
  ...{ vehicle: 'car-1', boot, seq, timeMs: 1_000_000 },
  samples: [
    { name: 'spd', value: 50, timeMs: 999_500 },
    ...said.map(meta => ({ name: META.clock, value: encodeClock(meta), timeMs: 1_000_000 })),
  ],
});
const clock = (from: number, to: number, correctionMs: number): MetaClock => ({
  ...{ boot: 2, from, to, correctionMs },
  clock: 'gps',
});

describe('corrections of the clock', () => {
  it('move all times of the reports that they are for, and of no others', () => {
    const corrections = new ClockCorrections();
    assert.equal(corrections.note(report(11, [clock(3, 10, 60_000)])), true);
    assert.equal(corrections.note(report(12)), false);
    const mended = corrections.corrected(report(3));
    assert.deepEqual([mended.timeMs, mended.samples[0]?.timeMs], [1_060_000, 1_059_500]);
    for (const other of [report(2), report(11), report(5, [], 1)]) assert.equal(corrections.corrected(other), other);
    assert.deepEqual(corrections.of(report(10)), { correctionMs: 60_000, clock: 'gps' });
    assert.deepEqual(corrections.of(report(11)), { correctionMs: 0 });
  });

  it('add up, each once however often its report is read, in any order', () => {
    const saying = [
      report(11, [clock(1, 10, 60_000)]),
      report(21, [{ ...clock(1, 20, -2_000), clock: 'system' }]),
      report(31, [clock(15, 30, 500)]),
    ];
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 0, 1, 1, 2, 2], { minLength: 6 }), order => {
        const corrections = new ClockCorrections();
        for (const at of order) corrections.note(saying[at]!);
        const of = (seq: number) => corrections.of(report(seq));
        assert.deepEqual(of(10), { correctionMs: 58_000, clock: 'system' });
        assert.deepEqual(of(12), { correctionMs: -2_000, clock: 'system' });
        assert.deepEqual(of(18), { correctionMs: -1_500, clock: 'gps' });
        assert.deepEqual(of(31), { correctionMs: 0 });
      }),
    );
  });

  it('do not mind a record that says nothing', () => {
    const corrections = new ClockCorrections();
    const odd = { ...report(4), samples: [{ name: META.clock, value: 'gps', timeMs: 0 }] };
    assert.equal(corrections.note(odd), false);
    assert.equal(corrections.corrected(odd), odd);
  });
});
