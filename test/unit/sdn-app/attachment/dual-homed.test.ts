import assert from 'node:assert/strict';
import { alsoOf, armedOf, placeOf, type Event, type State } from '../../../../sdn-app/attachment/machine.js';
import { LAB, TICK, applied, at, copy, kinds, portIs, reports, restingAt, run, slot, type Script } from './drive.js';

const HOMES = [at(1), at(11)] as const;

/** Moves between two ports, each confirmed by the switch; the last ends at `HOMES[moves % 2]`. */
const pingPong = (moves: number, periodMs: number, fromMs = 10_000): Script =>
  Array.from({ length: moves }, (_, i) => {
    const nowMs = fromMs + i * periodMs;
    return [
      [nowMs, copy(HOMES[(i + 1) % 2]!, { handover: `m${i + 1}` })],
      [nowMs + 1, applied(`m${i + 1}`)],
    ] as const;
  }).flat();

const counters = (first: number, second: number, handover = 'end'): Event => ({
  type: 'counters',
  rows: [
    { place: HOMES[0], packets: first },
    { place: HOMES[1], packets: second },
  ],
  handover,
});
const dual = (): State => run(pingPong(6, 200), LAB, restingAt(HOMES[0])).state;

describe('attachment machine, two homes', () => {
  it('re-routes and reports the first five moves between two places, whatever their pace', () => {
    const { state, effects } = run(pingPong(5, 200), LAB, restingAt(HOMES[0]));
    assert.deepEqual(
      reports(effects).map(({ to }) => to.port),
      [11, 1, 11, 1, 11],
    );
    assert.equal(state.at, 'attached');
  });

  it('has prio 100 at both from the sixth within twice the dwell time on, and reports no move', () => {
    const { state, effects } = run(pingPong(6, 200), LAB, restingAt(HOMES[0]));
    assert.deepEqual([state.at, placeOf(state), alsoOf(state)], ['dual-homed', HOMES[0], HOMES[1]]);
    assert.equal(reports(effects).length, 5);
    assert.deepEqual(kinds(effects).slice(-2), ['count', 'flows']);
  });

  it('goes on re-routing where six moves take longer', () =>
    assert.equal(run(pingPong(12, 800), LAB, restingAt(HOMES[0])).state.at, 'attached'));

  it('counts moves between the same two places only', () => {
    const script = Array.from({ length: 12 }, (_, i) => {
      const port = [2, 3, 1][i % 3]!;
      return [
        [10_000 + i * 100, copy(at(port), { handover: `m${i}` })],
        [10_001 + i * 100, applied(`m${i}`)],
      ] as const;
    }).flat();
    assert.equal(run(script, LAB, restingAt(HOMES[0])).state.at, 'attached');
  });

  it('takes a port that is down for no home', () => {
    const { state } = run(
      [...pingPong(5, 200), [10_900, portIs(11, false)], [11_000, copy(HOMES[0])]],
      LAB,
      restingAt(HOMES[0]),
    );
    assert.deepEqual([state.at, alsoOf(state)], ['moving', undefined]);
  });

  it('wakes for its first look at the counters', () => {
    const { effects } = run(pingPong(6, 200).slice(-2), LAB, run(pingPong(5, 200), LAB, restingAt(HOMES[0])).state);
    assert.deepEqual(effects.at(-1), { do: 'wake', atMs: 11_500 });
  });

  it('reads the counters four times per dwell, for as long as there are two homes', () => {
    const { effects } = run(
      [
        [11_500, TICK],
        [11_999, TICK],
        [12_000, TICK],
      ],
      LAB,
      dual(),
    );
    assert.deepEqual(kinds(effects), ['readCounters', 'readCounters']);
  });

  it('reads the switch back where copies come from a home, and moves on no copy of either', () => {
    const { state, effects } = run(
      [
        [11_600, copy(HOMES[0])],
        [11_610, copy(HOMES[1])],
      ],
      LAB,
      dual(),
    );
    assert.deepEqual([state.at, kinds(effects)], ['dual-homed', ['readBack']]);
  });

  it('ends with a report of the move that remained, when the other is silent for the dwell time', () => {
    const reads: Script = [
      [11_500, counters(5, 5)],
      [12_000, counters(6, 6)],
      [13_000, counters(8, 6)],
      [13_999, counters(9, 6)],
    ];
    assert.equal(run(reads, LAB, dual()).state.at, 'dual-homed');
    const { state, effects } = run([...reads, [14_000, counters(10, 6)], [14_002, applied('end')]], LAB, dual());
    assert.deepEqual([state.at, placeOf(state), alsoOf(state)], ['attached', HOMES[0], undefined]);
    assert.deepEqual(
      reports(effects).map(({ handover, from, to, detector }) => [handover, from?.port, to.port, detector]),
      [['end', 11, 1, 'dual-homed']],
    );
  });

  it('ends without a report where the manager knows the place that remained', () => {
    const { state, effects } = run(
      [
        [11_500, counters(5, 5)],
        [13_500, counters(5, 9)],
      ],
      LAB,
      dual(),
    );
    assert.deepEqual([state.at, placeOf(state)], ['attached', HOMES[1]]);
    assert.deepEqual(kinds(effects), ['flows']);
  });

  it('waits where both are silent, and where nothing was read', () => {
    const silent = run(
      [
        [11_500, counters(5, 5)],
        [60_000, counters(5, 5)],
      ],
      LAB,
      dual(),
    ).state;
    assert.equal(silent.at, 'dual-homed');
    assert.equal(run([[60_000, { type: 'counters', rows: [], handover: 'end' }]], LAB, dual()).state.at, 'dual-homed');
    const { state } = run([[60_500, counters(6, 5)]], LAB, silent);
    assert.deepEqual([state.at, placeOf(state)], ['moving', HOMES[0]]);
  });

  it('takes the first look at a counter for no sign of life', () => {
    const { state } = run(
      [
        [11_500, counters(5, 5)],
        [13_100, counters(5, 9)],
      ],
      LAB,
      dual(),
    );
    assert.equal(state.at, 'attached');
  });

  it('takes a counter that began anew for a sign of life', () => {
    const reads: Script = [
      [11_500, counters(500, 500)],
      [13_400, counters(600, 20)],
      [15_300, counters(700, 20)],
    ];
    assert.equal(run(reads, LAB, dual()).state.at, 'dual-homed');
  });

  it('ends at once when the port of one of them goes down', () => {
    const { state, effects } = run(
      [
        [11_600, portIs(11, false, 'down')],
        [11_602, applied('down')],
      ],
      LAB,
      dual(),
    );
    assert.deepEqual([placeOf(state), reports(effects)[0]?.to], [HOMES[0], HOMES[0]]);
  });

  it('leaves both for a third place, from the place that was reported last', () => {
    const { state, effects } = run(
      [
        [11_600, copy(at(21), { handover: 'c' })],
        [11_602, applied('c')],
      ],
      LAB,
      dual(),
    );
    assert.deepEqual([state.at, placeOf(state)], ['attached', at(21)]);
    assert.deepEqual(
      reports(effects).map(({ from, to }) => [from?.port, to.port]),
      [[11, 21]],
    );
  });

  it('ends arming with a report of another domain, and keeps it without one', () => {
    const arming: Event = { type: 'arming', slots: [slot('edge-3')], tickets: true, untilMs: 60_000 };
    const armed = run([[11_400, arming]], LAB, dual()).state;
    assert.equal(armedOf(armed).length, 1);
    const known = run([[11_600, portIs(1, false)]], LAB, armed).state;
    assert.deepEqual([placeOf(known), armedOf(known).length], [HOMES[1], 1]);
    const other = run([[11_600, portIs(11, false)]], LAB, armed).state;
    assert.deepEqual([placeOf(other), armedOf(other).length], [HOMES[0], 0]);
  });

  it('counts anew after it', () => {
    const left = run(
      [
        [11_500, counters(5, 5)],
        [13_500, counters(5, 9)],
      ],
      LAB,
      dual(),
    ).state;
    const again = Array.from({ length: 5 }, (_, i) => {
      const nowMs = 13_600 + i * 200;
      return [
        [nowMs, copy(HOMES[i % 2]!, { handover: `n${i}` })],
        [nowMs + 1, applied(`n${i}`)],
      ] as const;
    }).flat();
    assert.equal(run(again, LAB, left).state.at, 'attached');
  });
});
