import assert from 'node:assert/strict';
import fc from 'fast-check';
import { NO_FAULTS, fateOf, type Faults } from '../../../../lab/radio/impairment.js';
import { seededRandom } from '../../../../lab/seeded-random.js';

const fates = (faults: Partial<Faults>, count = 2_000, sinceMoveMs = 0): readonly (readonly number[])[] => {
  const random = seededRandom(faults.seed ?? 1);
  return Array.from({ length: count }, () => fateOf({ ...NO_FAULTS, ...faults }, 'up', sinceMoveMs, random));
};

describe('fateOf', () => {
  it('does nothing to a frame by default', () =>
    assert.ok(fates({}).every(fate => fate.length === 1 && fate[0] === 0)));
  it('gives the same faults for the same seed, others for another', () => {
    const faults = { lossUp: 0.5, jitterMs: 10, duplicate: 0.3, reorder: 0.2 };
    assert.deepEqual(fates({ ...faults, seed: 7 }), fates({ ...faults, seed: 7 }));
    assert.notDeepEqual(fates({ ...faults, seed: 7 }), fates({ ...faults, seed: 8 }));
  });
  it('loses and doubles about the share that was asked for', () => {
    const share = (list: readonly (readonly number[])[], length: number): number =>
      list.filter(fate => fate.length === length).length / list.length;
    assert.ok(Math.abs(share(fates({ lossUp: 0.25 }), 0) - 0.25) < 0.04);
    assert.ok(Math.abs(share(fates({ duplicate: 0.25 }), 2) - 0.25) < 0.04);
    assert.equal(share(fates({ lossDown: 1 }), 0), 0);
    assert.equal(share(fates({ lossUp: 1 }), 0), 1);
  });
  it('holds back frames for reordering beyond the delay of the others', () => {
    const delays = fates({ reorder: 0.5, delayMs: 4 }).flat();
    assert.deepEqual(
      [...new Set(delays)].sort((a, b) => a - b),
      [4, 16],
    );
  });
  it('can be confined to the time after a move', () => {
    const faults = { lossUp: 1, during: 'moves', moveMs: 100 } as const;
    assert.deepEqual(fates(faults, 1, 100), [[]]);
    assert.deepEqual(fates(faults, 1, 101), [[0]]);
  });
  it('delays within delay and jitter', () =>
    fc.assert(
      fc.property(fc.nat(1_000), fc.nat(1_000), fc.nat(), (delayMs, jitterMs, seed) => {
        for (const delay of fates({ delayMs, jitterMs, seed }, 50).flat())
          assert.ok(delay >= delayMs && delay <= delayMs + jitterMs);
      }),
    ));
});
