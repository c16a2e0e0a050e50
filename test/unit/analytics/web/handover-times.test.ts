import assert from 'node:assert/strict';
import { medianTo, phaseTimes, servingSpans } from '../../../../analytics/web/client/handover-times.js';
import { handoverOf } from '../../../fakes/fake-manager.js';

const move = (id: string, atMs: number, fromDomain: string, toDomain: string) => ({
  ...handoverOf({ id, vehicle: 'car-1', startedAtMs: atMs, fromDomain, toDomain }),
  phases: { detected: atMs, initiated: atMs + 2, activated: atMs + 5, completed: atMs + 90 },
});

describe('times of hand-overs on the page', () => {
  it('count from detected; a lost host, which has none, from initiated', () => {
    const record = move('a', 1_000, 'edge-1', 'edge-2');
    assert.deepEqual(phaseTimes(record), { detected: 0, initiated: 2, activated: 5, completed: 90 });
    assert.deepEqual(phaseTimes({ ...record, kind: 'host-lost', phases: { initiated: 7, activated: 9 } }), {
      initiated: 0,
      activated: 2,
    });
  });

  it('cut the past into spans, each with the domain that served', () => {
    const moves = [move('b', 5_000, 'edge-2', 'edge-1'), move('a', 2_000, 'edge-1', 'edge-2')];
    assert.deepEqual(servingSpans(moves, 'edge-1', 1_000, 9_000), [
      { domain: 'edge-1', fromMs: 1_000, toMs: 2_005 },
      { domain: 'edge-2', fromMs: 2_005, toMs: 5_005 },
      { domain: 'edge-1', fromMs: 5_005, toMs: 9_000 },
    ]);
  });

  it('show no twin before the first hand-over of a vehicle began', () => {
    const first = { ...move('a', 2_000, 'core', 'edge-1'), kind: 'first' as const };
    assert.deepEqual(servingSpans([first], 'edge-1', 0, 3_000), [
      { domain: 'core', fromMs: 2_000, toMs: 2_005 },
      { domain: 'edge-1', fromMs: 2_005, toMs: 3_000 },
    ]);
  });

  it('leave out of the median what did not complete or was no move', () => {
    const records = [
      move('a', 0, 'edge-1', 'edge-2'),
      { ...move('b', 0, 'core', 'edge-1'), kind: 'first' as const, phases: { detected: 0, activated: 900 } },
      { ...move('c', 0, 'edge-1', 'edge-2'), result: 'failed' as const, phases: { detected: 0, activated: 800 } },
    ];
    assert.equal(medianTo('activated', records), 5);
  });
});
