import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Sample } from '../../../protocol/sample.js';
import { joinCells, liveFromReport, notLive } from '../../../store/join.js';
import type { LiveCell } from '../../../store/types.js';
import { START_MS } from '../../fakes/store-rows.js';

/** Cells of a few signals; one id has one value, as reports are frozen, but may have been received more than once. */
const cells = fc.array(
  fc
    .record({
      signal: fc.constantFrom('spd', 'rpm', 'lat'),
      boot: fc.integer({ min: 1, max: 3 }),
      seq: fc.integer({ min: 1, max: 5 }),
      receivedAtMs: fc.integer({ min: 0, max: 3 }),
    })
    .map((cell): LiveCell => ({ ...cell, value: cell.boot * 100 + cell.seq, timeMs: cell.seq * -1_000 })),
  { maxLength: 20 },
);
const report = (samples: readonly Sample[]): Parameters<typeof liveFromReport>[0] => ({
  vehicle: 'car-1',
  boot: 2,
  seq: 7,
  timeMs: START_MS,
  samples,
});
const sample = (name: string, value: Sample['value'], timeMs = START_MS): Sample => ({ name, value, timeMs });

describe('join of live cells', () => {
  it('does not depend on order, grouping or repetition', () => {
    fc.assert(
      fc.property(cells, cells, cells, (a, b, c) => {
        const all = joinCells(a, b, c);
        assert.deepEqual(joinCells(c, a, b), all);
        assert.deepEqual(joinCells(joinCells(a, b), c), all);
        assert.deepEqual(joinCells(a, joinCells(b, c)), all);
        assert.deepEqual(joinCells(all, all, a), all);
      }),
    );
  });

  it('keeps the highest (boot, seq) of each signal, whatever the time', () => {
    fc.assert(
      fc.property(cells, list => {
        for (const kept of joinCells(list))
          for (const { signal, boot, seq } of list)
            if (signal === kept.signal) assert.ok(boot < kept.boot || (boot === kept.boot && seq <= kept.seq));
      }),
    );
  });
});

describe('live cells of a report', () => {
  it('are the newest plausible samples of known signals', () => {
    const samples = [sample('spd', 50), sample('spd', 40, START_MS - 500), sample('rpm', 99_999), sample('what', 1)];
    assert.deepEqual(liveFromReport(report(samples), START_MS + 9, START_MS), [
      { signal: 'spd', boot: 2, seq: 7, value: 50, timeMs: START_MS, receivedAtMs: START_MS + 9 },
    ]);
  });

  it('are suspect where the time is before the build date or more than 10 s ahead', () => {
    const suspect = (timeMs: number): unknown =>
      liveFromReport(report([sample('spd', 1, timeMs)]), START_MS, START_MS)[0]?.suspect;
    assert.equal(suspect(START_MS - 86_400_000), undefined);
    assert.equal(suspect(START_MS + 10_000), undefined);
    assert.equal(suspect(START_MS + 10_001), true);
    assert.equal(suspect(Date.UTC(1980, 0, 6)), true);
  });

  it('leave out what is unknown or out of range, which is named', () => {
    const samples = [sample('spd', -1), sample('what', 1), sample('meta/boot', '0,0,gps'), sample('rpm', 800)];
    assert.deepEqual(notLive(report(samples)), { unknown: ['what'], implausible: ['spd'] });
  });
});
