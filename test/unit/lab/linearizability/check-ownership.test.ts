import assert from 'node:assert/strict';
import fc from 'fast-check';
import { checkOwnership } from '../../../../lab/linearizability/check-ownership.js';
import type { Operation, Violation } from '../../../../lab/linearizability/history.js';
import type { CasOutcome } from '../../../../store/types.js';
import { someOrderExplains } from './search-orders.js';

const FIRST = { epoch: 0, by: 'registration' };

const claim = (epoch: number, by: string, span: readonly [number, number], outcome: CasOutcome): Operation => ({
  ...{ do: 'claim', epoch, by, outcome },
  invokedAtMs: span[0],
  completedAtMs: span[1],
});
const read = (epoch: number, by: string, span: readonly [number, number]): Operation => ({
  ...{ do: 'read', epoch, by },
  invokedAtMs: span[0],
  completedAtMs: span[1],
});
const rules = (...operations: Operation[]): Violation['rule'][] =>
  checkOwnership({ first: FIRST, operations }).map(({ rule }) => rule);

/** Name, history, what is wrong with it. */
const MUST_FAIL: readonly (readonly [string, readonly Operation[], Violation['rule']])[] = [
  [
    'two claims of one epoch are both applied',
    [claim(1, 'a', [0, 9], 'applied'), claim(1, 'b', [0, 9], 'applied')],
    'two winners of one epoch',
  ],
  [
    'one is told that it won and another is read',
    [claim(1, 'a', [0, 1], 'applied'), claim(1, 'b', [0, 9], 'unknown'), read(1, 'b', [2, 3])],
    'two winners of one epoch',
  ],
  ['somebody claims the epoch of the registration', [claim(0, 'a', [0, 1], 'applied')], 'two winners of one epoch'],
  [
    'an owner is read whose claim was refused',
    [claim(1, 'a', [0, 9], 'refused'), read(1, 'a', [1, 2])],
    'an owner that nobody claimed',
  ],
  [
    'a lower epoch is read after a higher one',
    [claim(1, 'a', [0, 1], 'applied'), read(1, 'a', [2, 3]), read(0, 'registration', [4, 5])],
    'the epoch went back',
  ],
  [
    'a claim is lost after its client was told that it won',
    [claim(1, 'a', [0, 1], 'applied'), claim(2, 'b', [2, 3], 'applied'), read(1, 'a', [4, 5])],
    'the epoch went back',
  ],
  [
    'a lower epoch is claimed after a higher one',
    [claim(2, 'a', [0, 1], 'applied'), claim(1, 'b', [2, 3], 'applied')],
    'the epoch went back',
  ],
  [
    'an owner is read before it claims',
    [read(1, 'a', [0, 1]), claim(1, 'a', [2, 3], 'applied')],
    'the epoch went back',
  ],
  [
    'an unknown claim is read, and then the one before it',
    [claim(1, 'a', [0, 1], 'unknown'), read(1, 'a', [2, 3]), read(0, 'registration', [4, 5])],
    'the epoch went back',
  ],
  [
    'a claim is refused though nobody else claims',
    [claim(1, 'a', [0, 1], 'refused')],
    'a claim refused without a reason',
  ],
  [
    'a claim is refused before the one that it lost to has begun',
    [claim(1, 'a', [0, 1], 'refused'), claim(2, 'b', [2, 3], 'applied')],
    'a claim refused without a reason',
  ],
  [
    'of two claims each is refused, and nobody won',
    [claim(1, 'a', [0, 9], 'refused'), claim(1, 'b', [0, 9], 'refused')],
    'a claim refused without a reason',
  ],
  [
    'a claim is refused because of its own first try alone',
    [claim(1, 'a', [0, 1], 'unknown'), claim(1, 'a', [2, 3], 'refused')],
    'a claim refused without a reason',
  ],
];

const MAY_HAPPEN: readonly (readonly [string, readonly Operation[]])[] = [
  ['nothing', []],
  ['of two claims of one epoch one is refused', [claim(1, 'a', [0, 9], 'applied'), claim(1, 'b', [0, 9], 'refused')]],
  ['a claim is repeated and applied again', [claim(1, 'a', [0, 1], 'applied'), claim(1, 'a', [2, 3], 'applied')]],
  [
    'an unknown claim takes effect after its client gave up',
    [claim(1, 'a', [0, 1], 'unknown'), read(0, 'registration', [2, 3]), read(1, 'a', [4, 5])],
  ],
  ['an unknown claim never takes effect', [claim(1, 'a', [0, 1], 'unknown'), read(0, 'registration', [2, 3])]],
  [
    'an unknown claim takes effect, and its repetition comes too late',
    [claim(1, 'a', [0, 1], 'unknown'), claim(2, 'b', [2, 3], 'applied'), claim(1, 'a', [4, 5], 'refused')],
  ],
  [
    'a claim is refused by an unknown one of its epoch',
    [claim(1, 'a', [0, 1], 'unknown'), claim(1, 'b', [2, 3], 'refused')],
  ],
  [
    'a claim is refused by an unknown one above it',
    [claim(5, 'a', [0, 1], 'unknown'), claim(1, 'b', [2, 3], 'refused')],
  ],
  [
    'reads at once with a claim meet it or not',
    [claim(1, 'a', [0, 9], 'applied'), read(1, 'a', [1, 2]), read(0, 'registration', [0, 3])],
  ],
  [
    'epochs are skipped',
    [claim(7, 'a', [0, 1], 'applied'), claim(9, 'b', [2, 3], 'applied'), claim(8, 'c', [4, 5], 'refused')],
  ],
];

/** Short histories, crowded enough that about half of them cannot be. */
const operation = fc
  .record({
    kind: fc.constantFrom('read', 'applied', 'refused', 'unknown'),
    epoch: fc.integer({ min: 0, max: 4 }),
    by: fc.constantFrom('a', 'b'),
    from: fc.integer({ min: 0, max: 12 }),
    takes: fc.integer({ min: 0, max: 6 }),
  })
  .map(({ kind, epoch, by, from, takes }): Operation => {
    const span = [from, from + takes] as const;
    if (kind === 'read') return read(epoch, epoch === 0 ? 'registration' : by, span);
    return claim(epoch, by, span, kind as CasOutcome);
  });

describe('check of ownership', () => {
  for (const [name, operations, rule] of MUST_FAIL) {
    it(`refuses a history in which ${name}`, () => {
      assert.deepEqual(rules(...operations), [rule]);
      assert.equal(someOrderExplains({ first: FIRST, operations }), false);
    });
  }

  for (const [name, operations] of MAY_HAPPEN) {
    it(`takes a history in which ${name}`, () => {
      assert.deepEqual(rules(...operations), []);
      assert.equal(someOrderExplains({ first: FIRST, operations }), true);
    });
  }

  it('agrees with a search of every order', () => {
    let explained = 0;
    let not = 0;
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 7 }), operations => {
        const truth = someOrderExplains({ first: FIRST, operations });
        if (truth) explained++;
        else not++;
        assert.equal(checkOwnership({ first: FIRST, operations }).length === 0, truth);
      }),
      { numRuns: 20_000 },
    );
    assert.ok(explained > 1_000 && not > 1_000, `${explained} explained, ${not} not`);
  });

  it('agrees with it where most outcomes are unknown', () => {
    const doubtful = fc
      .array(operation, { minLength: 4, maxLength: 8 })
      .map(list =>
        list.map((one, i) => (one.do === 'claim' && i % 3 !== 0 ? { ...one, outcome: 'unknown' as const } : one)),
      );
    fc.assert(
      fc.property(doubtful, operations => {
        const truth = someOrderExplains({ first: FIRST, operations });
        assert.equal(checkOwnership({ first: FIRST, operations }).length === 0, truth);
      }),
      { numRuns: 20_000 },
    );
  });

  it('is done with ten thousand calls at once', () => {
    const operations = Array.from({ length: 10_000 }, (_, i) => claim(i + 1, `c${i}`, [i, i + 5], 'applied'));
    assert.deepEqual(rules(...operations), []);
  });
});
