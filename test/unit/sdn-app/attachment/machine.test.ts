import assert from 'node:assert/strict';
import { lastMoveOf, leftOf, placeOf, returnsOf } from '../../../../sdn-app/attachment/machine.js';
import { LAB, PROOF, TICK, applied, at, copy, kinds, portIs, reports, restingAt, run, type Script } from './drive.js';

const MOVED: Script = [
  [5_100, copy(at(2), { handover: 'b' })],
  [5_101, applied('b')],
];

describe('attachment machine', () => {
  it('reports the first frame without a from, once the flows are confirmed', () => {
    const { state, effects } = run([
      [10, copy(at(1), { handover: 'a' })],
      [12, applied('a')],
    ]);
    assert.equal(state.at, 'attached');
    assert.deepEqual(reports(effects), [
      {
        do: 'report',
        handover: 'a',
        to: at(1),
        detector: 'first',
        detectedAtMs: 10,
        validatedAtMs: 10,
        reroutedAtMs: 12,
      },
    ]);
  });

  it('moves the flows first and reports second', () => {
    const asked = run(MOVED.slice(0, 1), LAB, restingAt(at(1)));
    assert.deepEqual(asked.effects[0], { do: 'flows', handover: 'b' });
    assert.deepEqual([kinds(asked.effects), placeOf(asked.state)], [['flows'], at(2)]);
    const { effects } = run(MOVED.slice(1), LAB, asked.state);
    assert.deepEqual(kinds(effects), ['report']);
  });

  it('remembers the last move and how it was seen', () => {
    const { state } = run(MOVED, LAB, restingAt(at(1)));
    assert.deepEqual(lastMoveOf(state), { atMs: 5_100, detector: 'port', way: 're-route' });
  });

  it('takes copies from the old port for late frames while they straggle, and for a move back after that', () => {
    const late = run([...MOVED, [5_150, copy(at(1))]], LAB, restingAt(at(1)));
    assert.deepEqual([placeOf(late.state), late.effects.at(-1)], [at(2), { do: 'count', what: 'late' }]);
    const back = run([...MOVED, [5_151, copy(at(1), { handover: 'c' })]], LAB, restingAt(at(1)));
    assert.deepEqual([placeOf(back.state), kinds(back.effects).at(-1)], [at(1), 'flows']);
  });

  it('answers at the place just left for as long as frames straggle', () => {
    const { state } = run(MOVED, LAB, restingAt(at(1)));
    assert.deepEqual(leftOf(state), [at(1)]);
    const after = run([[5_150, TICK]], LAB, state);
    assert.deepEqual([leftOf(after.state), kinds(after.effects)], [[], ['flows']]);
  });

  it('ignores doubled copies and confirmations', () => {
    const doubled: Script = [
      [5_100, copy(at(2), { handover: 'b' })],
      [5_100, copy(at(2))],
      [5_101, applied('b')],
      [5_101, applied('b')],
      [5_102, copy(at(2))],
    ];
    assert.deepEqual(kinds(run(doubled, LAB, restingAt(at(1))).effects), ['flows', 'report']);
  });

  it('reports a move that overtook another from the place that was reported last', () => {
    const { effects } = run(
      [
        [5_100, copy(at(2), { handover: 'b' })],
        [5_101, copy(at(3), { handover: 'c' })],
        [5_102, applied('b')],
        [5_103, applied('c')],
      ],
      LAB,
      restingAt(at(1)),
    );
    assert.deepEqual(
      reports(effects).map(({ handover, from, to }) => [handover, from?.port, to.port]),
      [['c', 1, 3]],
    );
  });

  it('reads the switch back when a bundle failed, and reports after that', () => {
    const { state, effects } = run(
      [
        [5_100, copy(at(2), { handover: 'b' })],
        [5_110, { type: 'failed', handover: 'b' }],
        [5_120, TICK],
        [5_150, TICK],
        [5_160, TICK],
        [5_170, applied('b')],
      ],
      LAB,
      restingAt(at(1)),
    );
    assert.deepEqual(kinds(effects), ['flows', 'flows', 'readBack', 'report']);
    assert.equal(state.at, 'attached');
  });

  it('waits longer for a switch that fails again, up to a second', () => {
    const waits: number[] = [];
    let { state } = run([[5_100, copy(at(2), { handover: 'b' })]], LAB, restingAt(at(1)));
    for (let i = 0, nowMs = 10_000; i < 8; i++, nowMs += 10_000) {
      ({ state } = run([[nowMs, { type: 'failed', handover: 'b' }]], LAB, state));
      if (state.at === 'moving') waits.push((state.move.retryAtMs ?? 0) - nowMs);
    }
    assert.deepEqual(waits, [50, 100, 200, 400, 800, 1_000, 1_000, 1_000]);
  });

  it('reads back when copies come from where prio 100 should be', () => {
    const { effects } = run(
      [
        [5_000, copy(at(1))],
        [5_010, copy(at(1))],
      ],
      LAB,
      restingAt(at(1)),
    );
    assert.deepEqual(kinds(effects), ['readBack']);
  });

  it('brings answers back by the unconfirmed tag only while answers to such frames may come', () => {
    const place = at(1, { source: 6000 });
    const moved = run(
      [
        [5_100, copy(place, { handover: 'b', tag: 'unconfirmed' })],
        [5_101, applied('b')],
      ],
      LAB,
      restingAt(at(1)),
    );
    assert.deepEqual(returnsOf(moved.state), [place]);
    const later = run([[6_100, TICK]], LAB, moved.state);
    assert.deepEqual([returnsOf(later.state), kinds(later.effects)], [[], ['flows']]);
  });

  it('takes a place from elsewhere only while it has none', () => {
    const placed = { type: 'placed', place: at(1), domain: 'edge-1' } as const;
    assert.deepEqual(placeOf(run([[1, placed]]).state), at(1));
    assert.deepEqual(placeOf(run([[1, placed]], LAB, restingAt(at(2))).state), at(2));
  });

  it('calls a move away from a port that went down by its name, and forgets it when the port came back', () => {
    const seen = (script: Script): (string | undefined)[] =>
      reports(
        run([...script, [5_100, copy(at(2), { handover: 'b' })], [5_101, applied('b')]], LAB, restingAt(at(1))).effects,
      ).map(({ detector }) => detector);
    assert.deepEqual(seen([[5_000, portIs(1, false)]]), ['port-down']);
    assert.deepEqual(
      seen([
        [5_000, portIs(1, false)],
        [5_010, portIs(1, true)],
      ]),
      ['port'],
    );
    assert.deepEqual(seen([[5_000, portIs(3, false)]]), ['port']);
  });

  it('takes no port of another switch for its own', () => {
    const there = at(1, { datapath: 2 });
    const { state, effects } = run(
      [
        [5_000, copy(there, { handover: 'b' })],
        [5_001, applied('b')],
      ],
      LAB,
      restingAt(at(1)),
    );
    assert.deepEqual([placeOf(state), reports(effects)[0]?.detector], [there, 'datapath']);
  });

  it('forgets a source that nobody vouched for when its port goes down', () => {
    const { state, effects } = run(
      [
        [5_000, copy(at(2), { tag: 'unconfirmed' })],
        [5_010, portIs(2, false)],
      ],
      PROOF,
      restingAt(at(1)),
    );
    assert.deepEqual([state.doubts, returnsOf(state)], [[], []]);
    assert.deepEqual(kinds(effects), ['flows', 'count', 'flows']);
  });
});
