import assert from 'node:assert/strict';
import { quantilesOf } from '../../../../common/quantiles.js';
import { summariseHandovers } from '../../../../lab/demo/outcome.js';
import type { HandoverRecord } from '../../../../protocol/api/md-manager.js';

const record = (fields: Partial<HandoverRecord>): HandoverRecord => ({
  id: 'x',
  vehicle: 'car-1',
  kind: 'move',
  way: 'manager',
  result: 'completed',
  toDomain: 'edge-1',
  attempt: 1,
  phases: { detected: 100, redirected: 104 },
  startedAtMs: 100,
  ...fields,
});

describe('the outcome of a run', () => {
  it('counts moves, and first attachments and moves inside a domain apart', () => {
    const summary = summariseHandovers([
      record({}),
      record({ result: 'failed' }),
      record({ result: 'cancelled' }),
      record({ kind: 'first' }),
      record({ kind: 'same-domain' }),
    ]);
    const { completed, failed, cancelled, first, sameDomain } = summary;
    assert.deepEqual([completed, failed, cancelled, first, sameDomain], [1, 1, 1, 1, 1]);
  });

  it('measures phases of completed ones from detected, of a lost host from initiated', () => {
    const { phasesMs } = summariseHandovers([
      record({}),
      record({ kind: 'host-lost', phases: { initiated: 50, redirected: 60 } }),
      record({ result: 'failed', phases: { detected: 0, redirected: 9_999 } }),
    ]);
    assert.deepEqual(phasesMs.redirected, { n: 2, median: 4, p95: 10, p99: 10, max: 10 });
  });

  it('takes quantiles by nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, at) => 100 - at);
    assert.deepEqual(quantilesOf(hundred), { n: 100, median: 50, p95: 95, p99: 99, max: 100 });
    assert.deepEqual(quantilesOf([]), { n: 0, median: 0, p95: 0, p99: 0, max: 0 });
  });
});
