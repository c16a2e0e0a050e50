import assert from 'node:assert/strict';
import fc from 'fast-check';
import { checkBurns } from '../../../../lab/linearizability/check-burns.js';
import type { Burn } from '../../../../lab/linearizability/history.js';

const burn = (epoch: number, invokedAtMs: number, completedAtMs: number): Burn => ({
  epoch,
  invokedAtMs,
  completedAtMs,
});
const rules = (...burns: Burn[]): string[] => checkBurns(burns).map(({ rule }) => rule);

describe('check of burnt epochs', () => {
  it('takes gaps, and any order of burns at once', () =>
    assert.deepEqual(rules(burn(7, 0, 5), burn(3, 1, 6), burn(9, 6, 7)), []));

  it('refuses an epoch that was given twice', () =>
    assert.deepEqual(rules(burn(3, 0, 1), burn(3, 2, 3)), ['an epoch burnt twice']));

  it('refuses a lower epoch that was asked for after a higher one was given', () =>
    assert.deepEqual(rules(burn(4, 0, 1), burn(3, 2, 3)), ['a later burn is lower']));

  it('finds what comparing each with each finds', () => {
    const burns = fc.array(
      fc
        .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 4 }))
        .map(([epoch, from, takes]) => burn(epoch, from, from + takes)),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(burns, list => {
        const wrong = list.some((a, i) =>
          list.some(
            (b, j) => i !== j && (a.epoch === b.epoch || (a.epoch < b.epoch && a.invokedAtMs > b.completedAtMs)),
          ),
        );
        assert.equal(checkBurns(list).length > 0, wrong);
      }),
      { numRuns: 5_000 },
    );
  });
});
