import assert from 'node:assert/strict';
import { confirmable } from '../../../../sdn-app/attachment/doubts.js';
import { placeOf, returnsOf } from '../../../../sdn-app/attachment/machine.js';
import {
  ACCESS,
  LAB,
  PROOF,
  ROUTER,
  TICK,
  applied,
  at,
  confirmed,
  copy,
  kinds,
  reports,
  restingAt,
  run,
  asked,
  stranger,
  unknown,
  type Where,
} from './drive.js';

describe('attachment machine, where a change needs proof', () => {
  it('answers the new source where it came from, and changes nothing else', () => {
    const { state, effects } = run([[5_000, unknown()]], ACCESS, restingAt(at(1)));
    assert.deepEqual([placeOf(state), returnsOf(state)], [at(1), [stranger]]);
    assert.deepEqual(effects, [{ do: 'flows' }, { do: 'wake', atMs: 10_000 }]);
  });

  it('moves once it is confirmed, and counts the time from its first frame', () => {
    const { state, effects } = run(
      [
        [6_000, confirmed(2, 'c')],
        [6_001, applied('c')],
      ],
      ACCESS,
      asked(),
    );
    const [report] = reports(effects);
    assert.deepEqual([placeOf(state), report?.detectedAtMs, report?.validatedAtMs], [stranger, 5_000, 6_000]);
    assert.equal(report?.detector, 'rebinding');
  });

  it('leaves it alone for 5 s, then for 10, and no longer than for 60', () => {
    const quiet: number[] = [];
    let state = asked();
    let nowMs = 5_000;
    for (let i = 0; i < 6; i++) {
      nowMs += 5_000;
      ({ state } = run([[nowMs, TICK]], ACCESS, state));
      const [doubt] = state.doubts;
      const untilMs = doubt?.at === 'quiet' ? doubt.untilMs : 0;
      quiet.push(untilMs - nowMs);
      assert.deepEqual(kinds(run([[untilMs - 1, unknown()]], ACCESS, state).effects), []);
      ({ state } = run([[untilMs, unknown()]], ACCESS, state));
      nowMs = untilMs;
    }
    assert.deepEqual(quiet, [5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
  });

  it('counts each time that nobody confirmed it', () => {
    const { effects } = run(
      [
        [9_999, TICK],
        [10_000, TICK],
        [15_000, unknown()],
        [20_000, TICK],
      ],
      ACCESS,
      asked(),
    );
    assert.deepEqual(kinds(effects), ['count', 'count']);
  });

  it('gives a known source at another port one second', () => {
    const { state, effects } = run(
      [
        [5_000, copy(at(2))],
        [5_999, TICK],
        [6_000, TICK],
      ],
      PROOF,
      restingAt(at(1)),
    );
    assert.deepEqual([kinds(effects), state.doubts[0]?.at], [['flows', 'count'], 'quiet']);
  });

  it('still hears a proof while it is left alone', () => {
    const { state } = run(
      [
        [10_000, TICK],
        [11_000, confirmed(2)],
      ],
      ACCESS,
      asked(),
    );
    assert.deepEqual(placeOf(state), stranger);
  });

  it('forgets it a minute after it was left alone', () => {
    const left = run(
      [
        [10_000, TICK],
        [74_999, TICK],
      ],
      ACCESS,
      asked(),
    ).state;
    assert.equal(left.doubts.length, 1);
    const { state, effects } = run([[75_000, TICK]], ACCESS, left);
    assert.deepEqual([state.doubts, kinds(effects)], [[], ['flows']]);
  });

  it('remembers no more than four, those heard last', () => {
    const many = Array.from({ length: 20 }, (_, i) => [5_000 + i, unknown(at(i + 2, { source: 6000 + i }))] as const);
    const { state, effects } = run(many, ACCESS, restingAt(at(1)));
    assert.deepEqual(
      returnsOf(state).map(({ port }) => port),
      [18, 19, 20, 21],
    );
    assert.equal(kinds(effects).filter(kind => kind === 'count').length, 16);
  });

  it('needs no return flow where the tag of its frames is a confirmed one', () => {
    const { state } = run([[5_000, copy(at(2))]], { ...LAB, detectors: [] }, restingAt(at(1)));
    assert.deepEqual([state.doubts.length, returnsOf(state)], [1, []]);
  });

  it('takes every tag for an unconfirmed one where attachments have to be confirmed', () => {
    for (const rules of [ACCESS, PROOF]) {
      const { state } = run([[5_000, copy(at(2), { authenticated: false })]], rules, restingAt(at(1)));
      assert.deepEqual(returnsOf(state), [at(2)]);
    }
  });

  it('finds nothing to confirm at a port that nobody came from', () => {
    assert.equal(confirmable(asked(), { datapath: 1, port: 1 }, 5_010).result, 'nothing-to-confirm');
    assert.equal(confirmable(asked(), { datapath: 2, port: 2 }, 5_010).result, 'nothing-to-confirm');
  });

  const THERE: readonly (readonly [string, Where & { readonly authenticated?: false }, boolean])[] = [
    ['its own MAC address and source at a port that authenticates its stations', {}, true],
    ['its own MAC address and source at a port that does not', { authenticated: false }, false],
    ['its source, and another MAC address', { mac: ROUTER }, false],
    ['its source, and no MAC address to see', { mac: 'none' }, false],
    ['its MAC address, and another address', { address: '10.0.0.9' }, false],
    ['its MAC address, and another source port', { source: 6000 }, false],
  ];
  for (const [name, { authenticated = true, ...where }, moves] of THERE) {
    it(`with trust in the access network ${moves ? 'moves' : 'does not move'} for ${name}`, () => {
      const { state } = run([[5_000, copy(at(2, where), { authenticated })]], ACCESS, restingAt(at(1)));
      assert.equal(placeOf(state)?.port, moves ? 2 : 1);
    });
    it(`with trust in proofs alone does not move for ${name}, and in the lab does`, () => {
      const there = copy(at(2, where), { authenticated });
      assert.equal(placeOf(run([[5_000, there]], PROOF, restingAt(at(1))).state)?.port, 1);
      assert.equal(placeOf(run([[5_000, there]], LAB, restingAt(at(1))).state)?.port, 2);
    });
  }

  it('does not take another station with the same source at its port for the vehicle', () => {
    const there = at(1, { mac: ROUTER });
    const { state } = run([[5_000, copy(there)]], ACCESS, restingAt(at(1)));
    assert.deepEqual([placeOf(state), state.doubts[0]?.detector], [at(1), 'station']);
    assert.deepEqual(placeOf(run([[5_000, copy(there)]], LAB, restingAt(at(1))).state), there);
  });

  it('takes nobody for the vehicle at its first frame but by proof', () => {
    const { state } = run([[5, unknown()]], ACCESS);
    assert.deepEqual([state.at, returnsOf(state)], ['waiting', [stranger]]);
    assert.deepEqual(placeOf(run([[9, confirmed(2)]], ACCESS, state).state), stranger);
  });
});
