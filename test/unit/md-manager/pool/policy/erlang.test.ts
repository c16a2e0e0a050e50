import assert from 'node:assert/strict';
import fc from 'fast-check';
import { erlangLoss, slotsFor } from '../../../../../md-manager/pool/policy/erlang.js';

/** The formula as it is defined: a^n/n! over the sum of a^k/k!. */
function byDefinition(slots: number, load: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; k <= slots; k++) {
    term *= load / k;
    sum += term;
  }
  return term / sum;
}

describe('Erlang’s loss formula', () => {
  it('gives the published values', () => {
    // Tables of the Erlang loss formula (ITU-D Teletraffic Engineering Handbook, appendix): offered load at 1 % loss.
    for (const [slots, load] of [
      [1, 0.0101],
      [2, 0.1526],
      [5, 1.3608],
      [10, 4.4612],
      [20, 12.0306],
      [50, 37.9014],
      [100, 84.0642],
    ] as const)
      assert.ok(Math.abs(erlangLoss(slots, load) - 0.01) < 2e-5, `${slots} ${erlangLoss(slots, load)}`);
  });

  it('is its own definition, falls with slots and rises with load', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60 }), fc.double({ min: 0.001, max: 50, noNaN: true }), (slots, load) => {
        const loss = erlangLoss(slots, load);
        assert.ok(Math.abs(loss - byDefinition(slots, load)) < 1e-9);
        assert.ok(erlangLoss(slots + 1, load) < loss);
        if (slots > 0) assert.ok(erlangLoss(slots, load * 1.1) > loss);
      }),
    );
  });

  it('gives the fewest slots that are enough', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 200, noNaN: true }),
        fc.double({ min: 1e-6, max: 0.5, noNaN: true }),
        (load, miss) => {
          const slots = slotsFor(load, miss);
          assert.ok(erlangLoss(slots, load) <= miss);
          assert.ok(slots === 0 || erlangLoss(slots - 1, load) > miss);
        },
      ),
    );
  });
});
