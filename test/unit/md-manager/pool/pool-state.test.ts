import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  free,
  mark,
  putHost,
  readySlots,
  reserve,
  shortOf,
  slotsOf,
  type PooledHost,
  type PoolState,
} from '../../../../md-manager/pool/pool-state.js';
import { hostRef } from '../../../fakes/handover-world.js';

const host = (name: string, state: PooledHost['state'] = 'ready', slots = 2): PooledHost => ({
  ref: hostRef(name),
  pid: 1,
  slots,
  state,
  held: new Map(),
});
const poolOf = (...hosts: PooledHost[]): PoolState => hosts.reduce(putHost, new Map());
const wish = (vehicle: string, more: object = {}) => ({
  ...{ vehicle, handover: 'h', domains: ['edge-1'], anywhere: false, avoid: [] },
  ...more,
});

describe('the state of the pool', () => {
  it('gives a slot of the emptiest ready host, and none of hosts that start, are lost or are to be avoided', () => {
    const pool = poolOf(host('edge-1/1'), host('edge-1/2', 'starting'), host('edge-1/3', 'lost'), host('edge-1/4'));
    const first = reserve(pool, wish('a'));
    assert.equal(first?.host.host, 'edge-1/1');
    assert.equal(reserve(first.pool, wish('b'))?.host.host, 'edge-1/4');
    assert.equal(reserve(pool, wish('a', { avoid: ['edge-1/1', 'edge-1/4'] })), undefined);
  });

  it('never gives a vehicle a second slot on one host', () => {
    const first = reserve(poolOf(host('edge-1/1')), wish('a'));
    assert.equal(reserve(first!.pool, wish('a')), undefined);
  });

  it('leaves the wished domains only for a vehicle that would go anywhere', () => {
    const pool = poolOf(host('core/1'));
    assert.equal(reserve(pool, wish('a')), undefined);
    assert.equal(reserve(pool, wish('a', { anywhere: true }))?.host.host, 'core/1');
  });

  it('orders what is missing, counts what starts, and stops at the bound', () => {
    const wanted = { size: 2, slotsPerHost: 2, maxHosts: 3 };
    assert.equal(shortOf(poolOf(), 'edge-1', wanted), 2);
    assert.equal(shortOf(poolOf(host('edge-1/1'), host('edge-1/2', 'starting')), 'edge-1', wanted), 0);
    const full = ['a', 'b', 'c', 'd'].reduce(
      (pool, name) => reserve(pool, wish(name))!.pool,
      poolOf(host('edge-1/1'), host('edge-1/2')),
    );
    assert.equal(shortOf(full, 'edge-1', wanted), 1);
    assert.equal(shortOf(full, 'edge-1', { ...wanted, maxHosts: 2 }), 0);
  });

  it('accounts for every slot whatever is reserved, marked and freed', () => {
    const vehicles = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const action = fc.tuple(
      fc.constantFrom('reserve', 'mark', 'free'),
      vehicles,
      fc.constantFrom('edge-1/1', 'edge-1/2'),
    );
    fc.assert(
      fc.property(fc.array(action, { size: 'max', maxLength: 40 }), actions => {
        let pool = poolOf(host('edge-1/1'), host('edge-1/2'));
        for (const [what, vehicle, name] of actions) {
          if (what === 'reserve') pool = reserve(pool, wish(vehicle))?.pool ?? pool;
          else if (what === 'free') pool = free(pool, name, vehicle);
          else if (pool.get(name)!.held.has(vehicle)) pool = mark(pool, name, vehicle, 'assigned', 'h');
        }
        const shown = [...pool.values()].flatMap(slotsOf);
        assert.equal(shown.filter(slot => slot.state === 'ready').length, readySlots(pool, 'edge-1'));
        assert.equal(shown.length, 4);
        assert.ok(shown.every(slot => (slot.state === 'ready') === (slot.vehicle === undefined)));
      }),
    );
  });
});
