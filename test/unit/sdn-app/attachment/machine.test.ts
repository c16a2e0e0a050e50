import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  WAITING,
  placeOf,
  returnsOf,
  samePlace,
  step,
  type Effect,
  type Event,
  type Rules,
  type State,
} from '../../../../sdn-app/attachment/machine.js';
import type { Place } from '../../../../sdn-app/redirect/vehicle.js';

const LAB: Rules = { trust: 'lab', straggleMs: 50 };
const at = (port: number, sourcePort = 5683): Place => ({ port, source: { address: '127.112.0.1', port: sourcePort } });
let ids = 0;
const copy = (place: Place, handover = `h${++ids}`): Event => ({ type: 'copy', place, handover });

function run(
  events: readonly (readonly [number, Event])[],
  rules = LAB,
  from: State = WAITING,
): { state: State; effects: Effect[] } {
  let state = from;
  const effects: Effect[] = [];
  for (const [nowMs, event] of events) {
    const [next, ...more] = step(state, event, nowMs, rules);
    state = next;
    effects.push(...more);
  }
  return { state, effects };
}

const attachedAt = (place: Place, nowMs = 0): State =>
  run([
    [nowMs, copy(place, 'first')],
    [nowMs, { type: 'applied', handover: 'first' }],
    [nowMs + 2_000, { type: 'tick' }],
  ]).state;
const kinds = (effects: readonly Effect[]): string[] => effects.map(effect => effect.do);

describe('attachment machine', () => {
  it('reports the first frame without a from, once the flows are confirmed', () => {
    const { state, effects } = run([
      [10, copy(at(1), 'a')],
      [12, { type: 'applied', handover: 'a' }],
    ]);
    assert.equal(state.at, 'attached');
    assert.deepEqual(effects.at(-1), {
      do: 'report',
      handover: 'a',
      to: at(1),
      detectedAtMs: 10,
      validatedAtMs: 10,
      reroutedAtMs: 12,
    });
  });

  it('moves the flows first and reports second', () => {
    const { effects } = run([[100, copy(at(2), 'b')]], LAB, attachedAt(at(1)));
    assert.deepEqual(effects, [{ do: 'flows', handover: 'b' }]);
    const { effects: all } = run(
      [
        [100, copy(at(2), 'b')],
        [101, { type: 'applied', handover: 'b' }],
      ],
      LAB,
      attachedAt(at(1)),
    );
    assert.deepEqual(kinds(all), ['flows', 'report']);
  });

  it('takes copies from the old port for late frames while they straggle, and for a move back after that', () => {
    const moved: (readonly [number, Event])[] = [
      [100, copy(at(2), 'b')],
      [101, { type: 'applied', handover: 'b' }],
    ];
    const late = run([...moved, [150, copy(at(1))]], LAB, attachedAt(at(1)));
    assert.deepEqual([placeOf(late.state), late.effects.at(-1)], [at(2), { do: 'count', what: 'late' }]);
    const back = run([...moved, [151, copy(at(1), 'c')]], LAB, attachedAt(at(1)));
    assert.deepEqual([placeOf(back.state), back.effects.at(-1)], [at(1), { do: 'flows', handover: 'c' }]);
  });

  it('ignores doubled copies and confirmations', () => {
    const { effects } = run(
      [
        [100, copy(at(2), 'b')],
        [100, copy(at(2), 'x')],
        [101, { type: 'applied', handover: 'b' }],
        [101, { type: 'applied', handover: 'b' }],
        [102, copy(at(2), 'y')],
      ],
      LAB,
      attachedAt(at(1)),
    );
    assert.deepEqual(kinds(effects), ['flows', 'report']);
  });

  it('reports a move that overtook another from the place that was reported last', () => {
    const { effects } = run(
      [
        [100, copy(at(2), 'b')],
        [101, copy(at(3), 'c')],
        [102, { type: 'applied', handover: 'b' }],
        [103, { type: 'applied', handover: 'c' }],
      ],
      LAB,
      attachedAt(at(1)),
    );
    const reports = effects.filter(effect => effect.do === 'report');
    assert.deepEqual(
      reports.map(({ handover, from, to }) => [handover, from?.port, to.port]),
      [['c', 1, 3]],
    );
  });

  it('reads the switch back when a bundle failed, and reports after that', () => {
    const { state, effects } = run(
      [
        [100, copy(at(2), 'b')],
        [110, { type: 'failed', handover: 'b' }],
        [120, { type: 'tick' }],
        [160, { type: 'tick' }],
        [170, { type: 'applied', handover: 'b' }],
      ],
      LAB,
      attachedAt(at(1)),
    );
    assert.deepEqual(kinds(effects), ['flows', 'wake', 'readBack', 'report']);
    assert.equal(state.at, 'attached');
  });

  it('reads back when copies come from where prio 100 should be', () => {
    const { effects } = run(
      [
        [3_000, copy(at(1))],
        [3_010, copy(at(1))],
      ],
      LAB,
      attachedAt(at(1)),
    );
    assert.deepEqual(kinds(effects), ['readBack']);
  });

  it('brings answers back by the tag only while answers to an unknown source may come', () => {
    const moved = run(
      [
        [100, copy(at(1, 6000), 'b')],
        [101, { type: 'applied', handover: 'b' }],
      ],
      LAB,
      attachedAt(at(1)),
    );
    assert.deepEqual(returnsOf(moved.state), [at(1, 6000)]);
    const later = run([[1_100, { type: 'tick' }]], LAB, moved.state);
    assert.deepEqual([returnsOf(later.state), kinds(later.effects)], [[], ['flows']]);
  });

  describe('where an unknown source needs proof', () => {
    const ACCESS: Rules = { trust: 'access', straggleMs: 50 };
    const asked = run([[5_000, copy(at(2, 6000))]], ACCESS, attachedAt(at(1)));

    it('answers it where it came from, and changes nothing else', () => {
      assert.deepEqual([placeOf(asked.state), returnsOf(asked.state)], [at(1), [at(2, 6000)]]);
      assert.deepEqual(asked.effects, [{ do: 'flows' }, { do: 'wake', atMs: 10_000 }]);
    });

    it('moves once it is confirmed, and counts the time from its first frame', () => {
      const { effects } = run(
        [
          [6_000, { type: 'confirmed', place: at(2, 6000), handover: 'c' }],
          [6_001, { type: 'applied', handover: 'c' }],
        ],
        ACCESS,
        asked.state,
      );
      const report = effects.find(effect => effect.do === 'report');
      assert.deepEqual([report?.detectedAtMs, report?.validatedAtMs], [5_000, 6_000]);
    });

    it('leaves it alone for 5 s, then for 10', () => {
      const expired = run(
        [
          [10_000, { type: 'tick' }],
          [14_000, copy(at(2, 6000))],
        ],
        ACCESS,
        asked.state,
      );
      assert.deepEqual(expired.effects, [{ do: 'count', what: 'unconfirmed' }]);
      const again = run(
        [
          [15_000, copy(at(2, 6000))],
          [20_000, { type: 'tick' }],
          [29_999, copy(at(2, 6000))],
        ],
        ACCESS,
        expired.state,
      );
      assert.deepEqual(kinds(again.effects), ['flows', 'wake', 'count']);
    });

    it('moves a known source at once', () =>
      assert.equal(run([[5_000, copy(at(2))]], ACCESS, attachedAt(at(1))).state.at, 'moving'));

    it('remembers no more than four of them', () => {
      const many = Array.from({ length: 20 }, (_, i) => [5_000, copy(at(2, 6000 + i))] as const);
      assert.equal(returnsOf(run(many, ACCESS, attachedAt(at(1))).state).length, 4);
    });
  });

  it('ends with the flows of the last seen port in every order of copies, confirmations and times', () => {
    const events = fc.array(
      fc.oneof(
        fc.record({
          kind: fc.constant('copy' as const),
          place: fc.record({ port: fc.integer({ min: 1, max: 3 }), source: fc.integer({ min: 1, max: 2 }) }),
        }),
        fc.record({ kind: fc.constantFrom('applied' as const, 'failed' as const), pick: fc.nat() }),
        fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 200 }) }),
      ),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(events, script => {
        let state: State = WAITING;
        let nowMs = 1_000;
        let last: Place | undefined;
        const asked: string[] = [];
        const reported: string[] = [];
        const send = (event: Event): void => {
          const [next, ...effects] = step(state, event, nowMs, LAB);
          state = next;
          for (const effect of effects) {
            if ((effect.do === 'flows' || effect.do === 'readBack') && effect.handover !== undefined)
              asked.push(effect.handover);
            if (effect.do === 'report') reported.push(effect.handover);
            if (effect.do === 'report') assert.ok(samePlace(effect.to, placeOf(state)!));
          }
        };
        for (const [i, row] of script.entries()) {
          if (row.kind === 'wait') {
            nowMs += row.ms;
            send({ type: 'tick' });
          } else if (row.kind === 'copy') {
            last = at(row.place.port, row.place.source);
            send({ type: 'copy', place: last, handover: `m${i}` });
          } else if (asked.length > 0) send({ type: row.kind, handover: asked[row.pick % asked.length]! });
        }
        if (last === undefined) return;
        // the device goes on sending from where it is, and the switch answers in the end
        nowMs += 51;
        send({ type: 'copy', place: last, handover: 'last' });
        nowMs += 2_000;
        send({ type: 'tick' });
        send({ type: 'applied', handover: state.at === 'moving' ? state.move.handover : 'last' });
        assert.equal(state.at, 'attached');
        assert.deepEqual(placeOf(state), last);
        assert.equal(new Set(reported).size, reported.length, 'a hand-over is reported once');
      }),
      { numRuns: 500 },
    );
  });
});
