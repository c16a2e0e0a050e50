import assert from 'node:assert/strict';
import fc from 'fast-check';
import { momentOf, NO_DELAY, type DelayState } from '../../../../device/gps/fix-age.js';

/** Moments of looks that were true at `trueMs` and heard later, for a receiver whose clock is `utcMs` ahead. */
function moments(looks: readonly (readonly [trueMs: number, delayMs: number])[], utcMs = 1.7e12): number[] {
  let state: DelayState = NO_DELAY;
  return looks.map(([trueMs, delayMs]) => {
    const [next, atMs] = momentOf(state, trueMs + delayMs, trueMs + utcMs);
    state = next;
    return atMs;
  });
}

describe('age of a fix', () => {
  it('takes looks that come in time as they come', () =>
    assert.deepEqual(
      moments([
        [0, 100],
        [1_000, 120],
        [2_000, 90],
      ]),
      [100, 1_120, 2_090],
    ));
  it('gives looks that were held up together a moment each', () =>
    assert.deepEqual(
      moments([
        [0, 100],
        [1_000, 5_000],
        [2_000, 4_000],
        [3_000, 3_000],
        [6_000, 100],
      ]),
      [100, 1_100, 2_100, 3_100, 6_100],
    ));
  it('begins anew with a receiver that put its clock back far', () => {
    let [state] = momentOf(NO_DELAY, 1_000, 1.7e12);
    let atMs: number;
    [state, atMs] = momentOf(state, 2_000, 1.7e12 - 3_600_000);
    assert.equal(atMs, 2_000);
    [, atMs] = momentOf(state, 3_000, 1.7e12 - 3_600_000 + 1_000);
    assert.equal(atMs, 3_000);
  });
  it('is used to a longer delay after two minutes', () => {
    const looks = Array.from({ length: 300 }, (_, second) => [1_000 * second, second < 10 ? 100 : 900] as const);
    const found = moments(looks);
    assert.equal(found[11], 11_100);
    assert.equal(found[299], 299_900);
  });
  it('never dates a look later than it was heard, nor earlier than its delay allows', () =>
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 5_000 }), fc.integer({ min: 0, max: 20_000 })), { minLength: 1 }),
        steps => {
          let trueMs = 0;
          const looks = steps.map(([spanMs, delayMs]) => [(trueMs += spanMs), delayMs] as const);
          // Heard in order: what is behind a look that waits, waits too.
          let heardMs = 0;
          const ordered = looks.map(([at, delayMs]) => {
            heardMs = Math.max(heardMs, at + delayMs);
            return [at, heardMs - at] as const;
          });
          const found = moments(ordered);
          for (const [index, [at, delayMs]] of ordered.entries())
            assert.ok(found[index]! <= at + delayMs && found[index]! >= at, `${found[index]} of ${at}+${delayMs}`);
        },
      ),
    ));
});
