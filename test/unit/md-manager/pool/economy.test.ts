import assert from 'node:assert/strict';
import { Metrics } from '../../../../common/metrics.js';
import { Economy } from '../../../../md-manager/pool/economy.js';
import { HeldSlots } from '../../../../md-manager/pool/held-slots.js';
import { mark, putHost, type PooledHost, type PoolState } from '../../../../md-manager/pool/pool-state.js';
import { METRICS } from '../../../../protocol/metrics.js';
import { hostRef } from '../../../fakes/host-refs.js';

const MINUTE_MS = 60_000;
const host = (name: string, state: PooledHost['state'] = 'ready'): PooledHost => ({
  ...{ ref: hostRef(name), pid: 1, slots: 4, state, held: HeldSlots.none },
});
const poolOf = (...hosts: PooledHost[]): PoolState => hosts.reduce(putHost, new Map());

describe('the economy of a pool', () => {
  const economy = (): { economy: Economy; metrics: Metrics } => {
    const metrics = new Metrics(METRICS);
    return { economy: new Economy({ metrics, hostHourCost: 3, sinceMs: 7 }), metrics };
  };

  it('counts hosts by the time that they exist, and as idle by the share of slots that carry nobody', async () => {
    const { economy: made, metrics } = economy();
    const starting = poolOf(host('edge-1/1', 'starting'));
    const ready = poolOf(host('edge-1/1'));
    const half = ['a', 'b'].reduce((pool, name) => mark(pool, 'edge-1/1', name, 'assigned', 'h'), ready);
    made.observe(starting, 0);
    made.observe(ready, MINUTE_MS);
    made.observe(mark(ready, 'edge-1/1', 'a', 'reserved', 'h'), 2 * MINUTE_MS);
    made.observe(half, 3 * MINUTE_MS);
    made.observe(poolOf(), 5 * MINUTE_MS);
    const found = made.of('edge-1', 6 * MINUTE_MS);
    // One minute started, two ready (in one of them a slot was reserved, which is idle still), two half in use.
    assert.deepEqual([found.hostMinutes, found.idleHostMinutes], [5, 3]);
    assert.equal(await metrics.total('pool_host_seconds_total'), 300);
    assert.equal(await metrics.total('pool_idle_host_seconds_total'), 180);
  });

  it('goes on counting while nothing changes', () => {
    const { economy: made } = economy();
    made.observe(poolOf(host('edge-1/1')), 0);
    assert.equal(made.of('edge-1', MINUTE_MS).idleHostMinutes, 1);
    assert.equal(made.of('edge-1', 3 * MINUTE_MS).idleHostMinutes, 3);
  });

  it('tells shares and cost, and nothing of a domain where nobody asked', async () => {
    const { economy: made, metrics } = economy();
    const { hitRate, armedRate, costPerHandover, readyMs, sinceMs } = made.of('edge-1', 0);
    assert.deepEqual([hitRate, armedRate, costPerHandover, readyMs, sinceMs], [null, null, null, null, 7]);
    made.observe(poolOf(host('edge-1/1')), 0);
    for (const [n, how] of (['armed', 'ticket', 'ready', 'none'] as const).entries())
      made.found('edge-1', `w${n}`, how);
    made.started('edge-1', 40);
    made.started('edge-1', 60);
    const found = made.of('edge-1', 40 * MINUTE_MS);
    assert.deepEqual(found.requests, { armed: 1, ticket: 1, ready: 1, none: 1 });
    assert.deepEqual([found.hitRate, found.armedRate], [0.75, 0.25]);
    // 40 minutes at 3 an hour, for four requests.
    assert.equal(found.costPerHandover, 0.5);
    assert.deepEqual(found.readyMs, { n: 2, median: 40, p95: 60, max: 60 });
    const text = await metrics.text();
    for (const how of ['armed', 'ticket', 'ready', 'none'])
      assert.match(text, new RegExp(`^pool_requests_total\\{domain="edge-1",found="${how}"[^}]*\\} 1$`, 'm'));
    assert.match(text, /^pool_ready_seconds_count\{domain="edge-1"[^}]*\} 2$/m);
    assert.match(text, /^pool_ready_seconds_sum\{domain="edge-1"[^}]*\} 0\.1$/m);
  });

  it('takes a wish that was not met for one request, however often it comes again', () => {
    const { economy: made } = economy();
    made.found('edge-1', 'car-1 h', 'none');
    made.found('edge-1', 'car-1 h', 'none');
    made.found('edge-1', 'car-1 h', 'ready');
    assert.deepEqual(made.of('edge-1', 0).requests, { armed: 0, ticket: 0, ready: 0, none: 1 });
    made.found('edge-1', 'car-1 h', 'ready');
    assert.equal(made.of('edge-1', 0).requests.ready, 1);
  });
});
