import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  dismiss,
  free,
  mark,
  putHost,
  readySlots,
  removeHost,
  reserve,
  shortOf,
  slotsOf,
  surplusHosts,
  turn,
  type PooledHost,
  type PoolState,
  type Wish,
} from '../../../../md-manager/pool/pool-state.js';
import { HeldSlots } from '../../../../md-manager/pool/held-slots.js';
import { sized } from '../../../fakes/pool-size.js';
import { hostRef } from '../../../fakes/host-refs.js';

const host = (name: string, state: PooledHost['state'] = 'ready', slots = 2): PooledHost => ({
  ref: hostRef(name),
  pid: 1,
  slots,
  state,
  held: HeldSlots.none,
});
const SIZES = new Map([['edge-1', sized(2)]]);
const poolOf = (...hosts: PooledHost[]): PoolState => hosts.reduce(putHost, new Map());
const wish = (vehicle: string, more: object = {}): Wish => ({
  ...{ vehicle, handover: 'h', domains: ['edge-1'], anywhere: false, avoid: [] },
  ...more,
});

describe('the state of the pool', () => {
  it('gives a slot of the emptiest ready host, and none of hosts that start, are lost or are to be avoided', () => {
    const pool = poolOf(host('edge-1/1'), host('edge-1/2', 'starting'), host('edge-1/3', 'lost'), host('edge-1/4'));
    const first = reserve(pool, wish('a'), SIZES);
    assert.equal(first?.host.host, 'edge-1/1');
    assert.equal(reserve(first.pool, wish('b'), SIZES)?.host.host, 'edge-1/4');
    assert.equal(reserve(pool, wish('a', { avoid: ['edge-1/1', 'edge-1/4'] }), SIZES), undefined);
  });

  it('never gives a vehicle a second slot on one host', () => {
    const first = reserve(poolOf(host('edge-1/1')), wish('a'), SIZES);
    assert.equal(reserve(first!.pool, wish('a'), SIZES), undefined);
  });

  it('leaves the wished domains only for a vehicle that would go anywhere', () => {
    const pool = poolOf(host('core/1'));
    assert.equal(reserve(pool, wish('a'), SIZES), undefined);
    assert.equal(reserve(pool, wish('a', { anywhere: true }), SIZES)?.host.host, 'core/1');
  });

  it('orders what is missing, counts what starts, and stops at the bound', () => {
    const wanted = { ...sized(2), waiting: 0, slotsPerHost: 2, maxHosts: 3 };
    assert.equal(shortOf(poolOf(), 'edge-1', wanted), 2);
    assert.equal(shortOf(poolOf(host('edge-1/1'), host('edge-1/2', 'starting')), 'edge-1', wanted), 0);
    const full = ['a', 'b', 'c', 'd'].reduce(
      (pool, name) => reserve(pool, wish(name), SIZES)!.pool,
      poolOf(host('edge-1/1'), host('edge-1/2')),
    );
    assert.equal(shortOf(full, 'edge-1', wanted), 1);
    assert.equal(shortOf(full, 'edge-1', { ...wanted, maxHosts: 2 }), 0);
  });

  it('orders as many hosts as who waits needs, beside slots that are ready but not for them', () => {
    const wanted = { ...sized(0), waiting: 5, slotsPerHost: 2, maxHosts: 8 };
    assert.equal(shortOf(poolOf(), 'edge-1', wanted), 3);
    assert.equal(shortOf(poolOf(host('edge-1/1', 'starting'), host('edge-1/2')), 'edge-1', wanted), 2);
    assert.equal(
      shortOf(poolOf(host('edge-1/1'), host('edge-1/2'), host('edge-1/3')), 'edge-1', { ...wanted, maxHosts: 4 }),
      1,
    );
    assert.equal(shortOf(poolOf(host('edge-1/1')), 'edge-1', { ...wanted, waiting: 0 }), 0);
    assert.equal(shortOf(poolOf(), 'edge-1', { ...wanted, ...sized(2), waiting: 2 }), 2, 'both get the same hosts');
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
          if (what === 'reserve') pool = reserve(pool, wish(vehicle), SIZES)?.pool ?? pool;
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

  it('fills hosts beyond the size of the pool last, and one after the other', () => {
    let pool = poolOf(...[1, 2, 3, 4].map(n => host(`edge-1/${n}`)));
    const order = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map(vehicle => {
      const found = reserve(pool, wish(vehicle), SIZES)!;
      pool = found.pool;
      return found.host.host;
    });
    assert.deepEqual(
      order,
      [1, 2, 1, 2, 3, 3, 4, 4].map(n => `edge-1/${n}`),
    );
  });

  it('can do without empty hosts beyond its size, the newest first, but never without ready slots', () => {
    const names = (pool: PoolState, size = 2): string[] => surplusHosts(pool, 'edge-1', sized(size));
    const hosts = [1, 2, 3, 4].map(n => host(`edge-1/${n}`));
    assert.deepEqual(names(poolOf(...hosts)), ['edge-1/4', 'edge-1/3']);
    assert.deepEqual(names(poolOf(...hosts), 0), ['edge-1/4', 'edge-1/3', 'edge-1/2', 'edge-1/1']);
    assert.deepEqual(names(poolOf(host('edge-1/1'), host('edge-1/2'), host('edge-1/3', 'starting'))), []);
    assert.deepEqual(names(poolOf(host('edge-1/1'), host('edge-1/2'), host('edge-1/3', 'lost'))), []);
    assert.deepEqual(names(poolOf(host('core/1'), host('core/2'), host('core/3'))), []);
    const held = (pool: PoolState, name: string): PoolState => mark(pool, name, `v-${name}`, 'assigned', 'h');
    const newestHeld = held(poolOf(...hosts), 'edge-1/4');
    assert.deepEqual(names(newestHeld), ['edge-1/3', 'edge-1/2']);
    // Enough hosts would run without it, but too few slots would be ready.
    const full = ['a', 'b', 'c'].reduce(
      (pool, name) => reserve(pool, wish(name), SIZES)!.pool,
      poolOf(...hosts.slice(0, 3)),
    );
    assert.deepEqual(names(full), []);
    assert.deepEqual(names(free(full, 'edge-1/1', 'a')), ['edge-1/3']);
  });

  it('gives nothing of a host that it has dismissed, and dismisses none that somebody holds a slot of', () => {
    const pool = poolOf(host('edge-1/1'));
    const dismissed = dismiss(pool, 'edge-1/1')!;
    assert.equal(reserve(dismissed, wish('a', { anywhere: true }), SIZES), undefined);
    assert.deepEqual(new Set(slotsOf(dismissed.get('edge-1/1')!).map(({ state }) => state)), new Set(['going']));
    assert.equal(dismiss(reserve(pool, wish('a'), SIZES)!.pool, 'edge-1/1'), undefined);
    for (const state of ['starting', 'lost', 'going'] as const)
      assert.equal(dismiss(poolOf(host('edge-1/1', state)), 'edge-1/1'), undefined);
    assert.equal(dismiss(pool, 'edge-1/2'), undefined);
  });

  it('gives nothing of a host that drains, keeps what is held there, and ends it once that is nothing', () => {
    const taken = reserve(poolOf(host('edge-1/1'), host('edge-1/2')), wish('a'), SIZES)!.pool;
    const draining = turn(taken, 'edge-1/1', 'draining');
    assert.deepEqual(
      slotsOf(draining.get('edge-1/1')!).map(({ state }) => state),
      ['reserved', 'going'],
    );
    assert.equal(readySlots(draining, 'edge-1'), 2);
    assert.equal(reserve(draining, wish('b'), SIZES)?.host.host, 'edge-1/2');
    assert.equal(dismiss(draining, 'edge-1/1'), undefined);
    assert.equal(dismiss(free(draining, 'edge-1/1', 'a'), 'edge-1/1')?.get('edge-1/1')?.state, 'going');
    assert.deepEqual(surplusHosts(draining, 'edge-1', sized(0)), ['edge-1/2']);
  });

  it('orders a host in the place of one that drains, within the quota, in which that one counts until it is gone', () => {
    const draining = turn(poolOf(host('edge-1/1'), host('edge-1/2')), 'edge-1/1', 'draining');
    const wanted = { ...sized(2), waiting: 0, slotsPerHost: 2, maxHosts: 3 };
    assert.equal(shortOf(draining, 'edge-1', wanted), 1);
    assert.equal(shortOf(draining, 'edge-1', { ...wanted, maxHosts: 2 }), 0);
    assert.equal(shortOf(removeHost(draining, 'edge-1/1'), 'edge-1', { ...wanted, maxHosts: 2 }), 1);
  });

  it('gives nothing of a host in quarantine, which keeps what it holds, and is given to again when it is well', () => {
    const taken = reserve(poolOf(host('edge-1/1'), host('edge-1/2')), wish('a'), SIZES)!.pool;
    const quarantined = turn(taken, 'edge-1/1', 'quarantined');
    assert.deepEqual(
      slotsOf(quarantined.get('edge-1/1')!).map(({ state }) => state),
      ['reserved', 'quarantined'],
    );
    assert.equal(reserve(quarantined, wish('b'), SIZES)?.host.host, 'edge-1/2');
    assert.deepEqual(surplusHosts(quarantined, 'edge-1', sized(0)), ['edge-1/2']);
    assert.equal(shortOf(quarantined, 'edge-1', { ...sized(2), waiting: 0, slotsPerHost: 2, maxHosts: 3 }), 1);
    assert.equal(readySlots(turn(quarantined, 'edge-1/1', 'ready'), 'edge-1'), 3);
    for (const state of ['lost', 'going'] as const) {
      const out = poolOf(host('edge-1/1', state));
      assert.equal(turn(out, 'edge-1/1', 'ready'), out);
    }
  });

  it('takes as few hosts as it needs for many slots, and gives back what is beyond', () => {
    const wanted = { hosts: 1, slots: 7, waiting: 0, slotsPerHost: 4, maxHosts: 32 };
    assert.equal(shortOf(poolOf(), 'edge-1', wanted), 2);
    const hosts = [1, 2, 3].map(n => host(`edge-1/${n}`, 'ready', 4));
    assert.equal(shortOf(poolOf(...hosts.slice(0, 2)), 'edge-1', wanted), 0);
    assert.deepEqual(surplusHosts(poolOf(...hosts), 'edge-1', wanted), ['edge-1/3']);
  });

  it('keeps its size and its ready slots, and everybody who holds one, whatever it does without', () => {
    const some = fc.record({
      state: fc.constantFrom<PooledHost['state'][]>('ready', 'ready', 'ready', 'starting', 'lost', 'going'),
      slots: fc.integer({ min: 1, max: 4 }),
      held: fc.integer({ min: 0, max: 2 }),
      goes: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(some, { maxLength: 8 }), fc.integer({ min: 0, max: 4 }), (hosts, size) => {
        let pool = poolOf(...hosts.map(({ state, slots }, n) => host(`edge-1/${n}`, state, slots)));
        hosts.forEach(({ slots, held }, n) => {
          for (let v = 0; v < Math.min(slots, held); v++)
            pool = mark(pool, `edge-1/${n}`, `v${n}-${v}`, 'assigned', 'h');
        });
        const running = (of: PoolState): number => [...of.values()].filter(({ state }) => state === 'ready').length;
        const surplus = surplusHosts(pool, 'edge-1', sized(size));
        // All of them, or only some: each may go alone.
        const going = surplus.filter(name => hosts[Number(name.split('/')[1])]!.goes);
        let after = pool;
        for (const name of going) {
          assert.equal(after.get(name)!.held.size, 0);
          after = dismiss(after, name)!;
        }
        const wanted = { ...sized(size), waiting: 0, slotsPerHost: 2, maxHosts: 32 };
        if (going.length > 0) {
          assert.ok(running(after) >= size);
          assert.ok(readySlots(after, 'edge-1') >= size);
          assert.equal(shortOf(after, 'edge-1', wanted), 0, 'and nothing is ordered in its place');
        }
        if (going.length < surplus.length) return;
        assert.deepEqual(surplusHosts(after, 'edge-1', sized(size)), [], 'there is no more to be had');
        const gone = going.reduce(removeHost, after);
        assert.deepEqual(
          [...gone.values()].map(({ held }) => held.size),
          [...pool.values()].filter(({ ref }) => !going.includes(ref.host)).map(({ held }) => held.size),
        );
      }),
    );
  });
});
