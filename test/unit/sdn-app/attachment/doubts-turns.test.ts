import assert from 'node:assert/strict';
import { confirmable } from '../../../../sdn-app/attachment/doubts.js';
import { placeOf, returnsOf, type State } from '../../../../sdn-app/attachment/machine.js';
import {
  ACCESS,
  PROOF,
  ROUTER,
  TICK,
  applied,
  at,
  confirmed,
  copy,
  kinds,
  restingAt,
  run,
  asked,
  stranger,
  unknown,
  type Where,
} from './drive.js';

describe('attachment machine, where a change needs proof and others are at its port', () => {
  describe('and two unconfirmed sources share a port', () => {
    const other = at(2, { source: 6001, mac: ROUTER });
    const both = (): State => run([[5_010, unknown(other)]], ACCESS, asked()).state;
    const result = (state: State, nowMs: number): string => confirmable(state, { datapath: 1, port: 2 }, nowMs).result;

    it('answers and asks one of them at a time, the first first', () => {
      assert.deepEqual(returnsOf(both()), [stranger]);
      const turned = run([[10_000, TICK]], ACCESS, both());
      assert.deepEqual([returnsOf(turned.state), kinds(turned.effects)], [[other], ['count', 'flows']]);
      assert.deepEqual(
        turned.state.doubts.map(({ at: stage }) => stage),
        ['quiet', 'asking'],
      );
    });

    it('takes a message for a proof of the one whose turn it is', () => {
      assert.deepEqual(placeOf(run([[6_100, confirmed(2)]], ACCESS, both()).state), stranger);
      const { state } = run(
        [
          [10_000, TICK],
          [11_000, confirmed(2)],
        ],
        ACCESS,
        both(),
      );
      assert.deepEqual(placeOf(state), other);
    });

    it('takes none in the first second of a turn, when it may be of the one before', () => {
      const { state } = run([[10_000, TICK]], ACCESS, both());
      assert.deepEqual([result(state, 10_999), result(state, 11_000)], ['ambiguous', 'confirmed']);
      assert.deepEqual(placeOf(run([[10_999, confirmed(2)]], ACCESS, state).state), at(1));
    });

    it('gives a turn of two seconds at least where another waits', () => {
      const known = copy(at(2));
      const { state } = run(
        [
          [5_010, known],
          [10_000, TICK],
        ],
        PROOF,
        run([[5_000, unknown()]], PROOF, restingAt(at(1))).state,
      );
      const [, second] = state.doubts;
      assert.deepEqual([second?.at, second?.at === 'asking' && second.untilMs], ['asking', 12_000]);
    });

    it('gives no turn to one that was not heard for ten seconds', () => {
      const late = run(
        [
          [5_010, unknown(other)],
          [15_011, TICK],
        ],
        ACCESS,
        asked(),
      ).state;
      assert.deepEqual(
        late.doubts.map(({ at: stage, place }) => [stage, place]),
        [['quiet', stranger]],
      );
    });

    it('gives a turn to one that was heard since it began to wait', () => {
      const script = [
        [5_010, unknown(other)],
        [14_000, unknown(other)],
        [15_011, TICK],
      ] as const;
      assert.equal(run(script, ACCESS, asked()).state.doubts.at(-1)?.at, 'asking');
    });

    it('goes on with the next when the first has gone away by proof', () => {
      const moved = run(
        [
          [6_100, confirmed(2, 'c')],
          [6_101, applied('c')],
        ],
        ACCESS,
        both(),
      ).state;
      assert.deepEqual([moved.doubts[0]?.at, returnsOf(moved)], ['asking', [stranger]]);
      const later = run([[7_100, TICK]], ACCESS, moved).state;
      assert.deepEqual(returnsOf(later), [other]);
    });

    it('tells them apart at two ports', () => {
      const { state } = run([[5_010, unknown(at(3, { source: 6001 }))]], ACCESS, asked());
      assert.equal(returnsOf(state).length, 2);
      assert.deepEqual(placeOf(run([[5_210, confirmed(3)]], ACCESS, state).state)?.port, 3);
    });

    it('does not take the last messages of the one that was confirmed for a proof of the other', () => {
      const moved = run(
        [
          [5_210, confirmed(2, 'c')],
          [5_211, applied('c')],
          [5_220, unknown(other)],
        ],
        ACCESS,
        asked(),
      ).state;
      assert.deepEqual(returnsOf(moved), [stranger]);
      assert.deepEqual(placeOf(run([[5_230, confirmed(2)]], ACCESS, moved).state), stranger);
      assert.equal(result(moved, 6_210), 'confirmed');
    });
  });

  describe('and somebody was at a port before the car comes there', () => {
    const result = (state: State, nowMs: number): string => confirmable(state, { datapath: 1, port: 2 }, nowMs).result;
    const asking = (where: Where): State => run([[5_000, copy(at(2, where))]], PROOF, restingAt(at(1))).state;

    for (const [what, where, results] of [
      ['with its source and another MAC address', { mac: ROUTER }, ['ambiguous', 'confirmed']],
      ['with another source', { source: 6000 }, ['ambiguous', 'confirmed']],
      ['who is the car', {}, ['confirmed', 'confirmed']],
    ] as const)
      it(`calls a message ${results[0]} that came by the tag of somebody ${what} as soon as it was his`, () => {
        const state = asking(where);
        assert.deepEqual([result(state, 5_199), result(state, 5_200)], results);
        const moved = placeOf(run([[5_199, confirmed(2)]], PROOF, state).state);
        assert.deepEqual(moved, results[0] === 'ambiguous' ? at(1) : at(2));
      });

    it('takes no message by the tag of the car for a proof of him, while the car is there or was', () => {
      for (const where of [{ mac: ROUTER }, { source: 6000 }]) {
        const here = run([[5_000, copy(at(2, where))]], PROOF, restingAt(at(2))).state;
        const there = asking(where);
        for (const state of [here, there]) {
          const byItsTag = { datapath: 1, port: 2, tag: 'confirmed' } as const;
          assert.deepEqual(returnsOf(state), [at(2, where)]);
          assert.equal(confirmable(state, byItsTag, 5_500).result, 'nothing-to-confirm');
          const { state: next } = run([[5_500, confirmed(2, 'c', 1, 'confirmed')]], PROOF, state);
          assert.deepEqual(placeOf(next), placeOf(state));
        }
      }
    });

    it('takes a message for no proof of somebody who was not heard for ten seconds', () => {
      const { state } = run([[6_000, TICK]], PROOF, asking({ mac: ROUTER }));
      assert.deepEqual([result(state, 15_000), result(state, 15_001)], ['confirmed', 'nothing-to-confirm']);
    });

    it('gives the car its turn, and the proof in it', () => {
      const { state } = run(
        [
          [6_000, TICK],
          [30_000, copy(at(2))],
          [30_010, confirmed(2)],
        ],
        PROOF,
        asking({ mac: ROUTER }),
      );
      assert.deepEqual(placeOf(state), at(2));
    });
  });
});
