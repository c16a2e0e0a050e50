import assert from 'node:assert/strict';
import {
  armedOf,
  lastMoveOf,
  placeOf,
  step,
  type Effect,
  type Event,
  type State,
} from '../../../../sdn-app/attachment/machine.js';
import {
  LAB,
  PROOF,
  TICK,
  applied,
  at,
  confirmed,
  copy,
  kinds,
  reports,
  restingAt,
  run,
  slot,
  type Script,
} from './drive.js';

const arming = (untilMs: number, domains: readonly string[], tickets = false): Event => ({
  type: 'arming',
  slots: domains.map(domain => slot(domain)),
  tickets,
  untilMs,
});
const armedAt = (port: number, domains: readonly string[] = ['edge-2', 'edge-3'], tickets = false): State =>
  run([[3_000, arming(20_000, domains, tickets)]], LAB, restingAt(at(port))).state;
const redirects = (effects: readonly Effect[]): Extract<Effect, { do: 'redirect' }>[] =>
  effects.filter(effect => effect.do === 'redirect');

describe('attachment machine, armed and ticketed', () => {
  it('uses the armed slot of the domain that the vehicle enters, before the flows of the move', () => {
    const { state, effects } = run([[5_000, copy(at(11), { handover: 'b' })]], LAB, armedAt(1));
    assert.deepEqual(effects.slice(0, 2), [
      { do: 'redirect', way: 'armed', slot: slot('edge-2'), handover: 'b' },
      { do: 'flows', handover: 'b' },
    ]);
    assert.equal(lastMoveOf(state)?.way, 'armed');
  });

  it('reports when the frame itself was redirected, and no re-route', () => {
    const { effects } = run(
      [
        [5_000, copy(at(11), { handover: 'b' })],
        [5_002, applied('b')],
      ],
      LAB,
      armedAt(1),
    );
    assert.deepEqual(reports(effects), [
      {
        do: 'report',
        handover: 'b',
        from: at(1),
        to: at(11),
        detector: 'port',
        detectedAtMs: 5_000,
        validatedAtMs: 5_000,
        redirected: { way: 'armed', slot: slot('edge-2'), atMs: 5_000 },
      },
    ]);
  });

  it('redirects another source, which no armed route carries, by the bundle', () => {
    const { effects } = run(
      [
        [5_000, copy(at(11, { source: 7000 }), { handover: 'b' })],
        [5_002, applied('b')],
      ],
      LAB,
      armedAt(1),
    );
    const [report] = reports(effects);
    assert.deepEqual(
      [report?.redirected?.way, report?.redirected?.atMs, report?.reroutedAtMs],
      ['armed', 5_002, 5_002],
    );
  });

  it('uses arming once: the whole of it ends with the move', () => {
    const { state, effects } = run(
      [
        [5_000, copy(at(11), { handover: 'b' })],
        [5_002, applied('b')],
        [6_000, copy(at(21), { handover: 'c', twinDomain: 'edge-2', ticket: slot('edge-3') })],
      ],
      LAB,
      armedAt(1, ['edge-2', 'edge-3'], true),
    );
    assert.equal(redirects(effects).length, 1);
    assert.deepEqual([armedOf(state), lastMoveOf(state)?.way], [[], 're-route']);
  });

  it('takes a ticket where tickets are allowed and no slot is armed', () => {
    const offered = { handover: 'b', ticket: slot('edge-2', 'ticket-7') };
    const script: Script = [
      [5_000, copy(at(11), offered)],
      [5_003, applied('b')],
    ];
    const { effects } = run(script, LAB, armedAt(1, ['edge-3'], true));
    assert.deepEqual(redirects(effects)[0]?.slot.lease, 'ticket-7');
    const [report] = reports(effects);
    assert.deepEqual(
      [report?.redirected?.way, report?.redirected?.atMs, report?.reroutedAtMs],
      ['ticket', 5_003, 5_003],
    );
    assert.deepEqual(redirects(run(script, LAB, armedAt(1, ['edge-3'], false)).effects), []);
    const [armed] = redirects(run(script, LAB, armedAt(1, ['edge-2'], true)).effects);
    assert.deepEqual([armed?.way, armed?.slot.lease], ['armed', 'lease-edge-2']);
  });

  it('takes no ticket of another domain than the one it enters', () =>
    assert.deepEqual(
      redirects(run([[5_000, copy(at(11), { ticket: slot('edge-3') })]], LAB, armedAt(1, [], true)).effects),
      [],
    ));

  it('re-routes as ever where neither is there, and arming ends because a hand-over begins', () => {
    const { state, effects } = run([[5_000, copy(at(31))]], LAB, armedAt(1));
    assert.deepEqual([kinds(effects), armedOf(state)], [['flows'], []]);
  });

  for (const [name, from, port, twinDomain] of [
    ['inside its domain', 1, 2, 'edge-1'],
    ['inside a domain where its twin is not', 11, 12, 'edge-1'],
    ["back to the twin's own domain", 1, 11, 'edge-2'],
  ] as const)
    it(`uses none for a move ${name}, and keeps it`, () => {
      const more = { twinDomain, ticket: slot('edge-2') };
      const { state, effects } = run([[5_000, copy(at(port), more)]], LAB, armedAt(from, ['edge-2'], true));
      assert.deepEqual([redirects(effects), armedOf(state).length], [[], 1]);
    });

  it('ends at its time, with the routes', () => {
    const { state, effects } = run([[20_000, TICK]], LAB, armedAt(1));
    assert.deepEqual([armedOf(state), kinds(effects)], [[], ['flows']]);
    const late = run([[20_000, copy(at(11))]], LAB, armedAt(1));
    assert.deepEqual(redirects(late.effects), []);
  });

  it('is renewed without a look at the flows, and replaced with one', () => {
    const renewed = run(
      [
        [15_000, arming(40_000, ['edge-2', 'edge-3'])],
        [20_000, TICK],
      ],
      LAB,
      armedAt(1),
    );
    assert.deepEqual([kinds(renewed.effects), armedOf(renewed.state).length], [[], 2]);
    const replaced = run([[15_000, arming(40_000, ['edge-2'])]], LAB, armedAt(1));
    assert.deepEqual(kinds(replaced.effects), ['flows']);
    const ended = run([[15_000, arming(40_000, [])]], LAB, armedAt(1));
    assert.deepEqual([kinds(ended.effects), armedOf(ended.state)], [['flows'], []]);
  });

  it('is not taken while a move waits for the switch, nor before the first frame', () => {
    const moving = run([[5_000, copy(at(2), { handover: 'b' })]], LAB, restingAt(at(1))).state;
    for (const state of [moving, run([]).state]) {
      const [next] = step(state, arming(20_000, ['edge-2']), 5_001, LAB);
      assert.deepEqual(armedOf(next), []);
    }
  });

  it('is no way for the first frame, which is an ordinary hand-over', () => {
    const waiting: State = {
      at: 'waiting',
      doubts: [],
      arming: { slots: [slot('edge-2')], tickets: true, untilMs: 9_000 },
    };
    const { effects } = run([[5, copy(at(11), { twinDomain: 'core', ticket: slot('edge-2') })]], LAB, waiting);
    assert.deepEqual(kinds(effects), ['flows']);
  });

  it('changes nothing for a frame on an armed route that nobody vouches for, until somebody does', () => {
    const seen = run([[5_000, copy(at(11), { tag: 'unconfirmed' })]], PROOF, armedAt(1));
    assert.deepEqual([placeOf(seen.state), redirects(seen.effects), armedOf(seen.state).length], [at(1), [], 2]);
    const { effects } = run(
      [
        [5_040, confirmed(11, 'b')],
        [5_042, applied('b')],
      ],
      PROOF,
      seen.state,
    );
    assert.deepEqual(
      redirects(effects).map(({ way }) => way),
      ['armed'],
    );
    assert.deepEqual(reports(effects)[0]?.redirected, { way: 'armed', slot: slot('edge-2'), atMs: 5_000 });
  });

  it('reports a used slot also where the vehicle moved on before the switch had confirmed', () => {
    const { effects } = run(
      [
        [5_000, copy(at(11), { handover: 'b' })],
        [5_001, copy(at(21), { handover: 'c', twinDomain: 'edge-2' })],
        [5_003, applied('b')],
        [5_004, applied('c')],
      ],
      LAB,
      armedAt(1),
    );
    assert.deepEqual(
      reports(effects).map(({ handover, from, to, redirected }) => [
        handover,
        from?.port,
        to.port,
        redirected?.slot.lease,
      ]),
      [
        ['b', 1, 11, 'lease-edge-2'],
        ['c', 11, 21, undefined],
      ],
    );
  });
});
