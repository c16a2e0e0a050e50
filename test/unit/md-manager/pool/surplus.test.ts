import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  dismiss,
  free,
  putHost,
  readySlots,
  removeHost,
  reserve,
  type PooledHost,
  type PoolState,
} from '../../../../md-manager/pool/pool-state.js';
import { HeldSlots } from '../../../../md-manager/pool/held-slots.js';
import { Surplus } from '../../../../md-manager/pool/surplus.js';
import { sized } from '../../../fakes/pool-size.js';
import { hostRef } from '../../../fakes/host-refs.js';

const SIZES = new Map([['edge-1', sized(1)]]);
const SLOTS = 2;

const host = (name: string, state: PooledHost['state'] = 'ready'): PooledHost => ({
  ref: hostRef(name),
  pid: 1,
  slots: SLOTS,
  state,
  held: HeldSlots.none,
});
const poolOf = (...names: string[]): PoolState => names.map(name => host(name)).reduce(putHost, new Map());
const wish = (vehicle: string) => ({
  ...{ vehicle, handover: 'h', domains: ['edge-1'], anywhere: false, avoid: [] },
});

const nobody = (): boolean => false;

describe('hosts that a pool can do without', () => {
  it('go once they have been surplus for so long without a break', () => {
    const surplus = new Surplus(1_000, nobody);
    const pool = poolOf('edge-1/1', 'edge-1/2');
    surplus.observe(pool, SIZES, 0);
    assert.deepEqual(surplus.due(pool, SIZES, 999), []);
    assert.deepEqual(surplus.due(pool, SIZES, 1_000), ['edge-1/2']);
  });

  it('begin anew when they were needed for a moment', () => {
    const surplus = new Surplus(1_000, nobody);
    const pool = poolOf('edge-1/1', 'edge-1/2');
    surplus.observe(pool, SIZES, 0);
    // One slot is ready on the first host alone: the other one holds the pool's second.
    const busy = ['a', 'b', 'c'].reduce((state, vehicle) => reserve(state, wish(vehicle), SIZES)!.pool, pool);
    surplus.observe(busy, SIZES, 600);
    surplus.observe(pool, SIZES, 601);
    assert.deepEqual(surplus.due(pool, SIZES, 1_600), []);
    assert.deepEqual(surplus.due(pool, SIZES, 1_601), ['edge-1/2']);
  });

  it('stay while somebody waits, and begin anew afterwards', () => {
    const pool = poolOf('edge-1/1', 'edge-1/2');
    let waits = true;
    const surplus = new Surplus(1_000, domain => waits && domain === 'edge-1');
    assert.deepEqual(surplus.due(pool, SIZES, 60_000), []);
    waits = false;
    assert.deepEqual(surplus.due(pool, SIZES, 60_002), [], 'its time begins now');
    assert.deepEqual(surplus.due(pool, SIZES, 61_002), ['edge-1/2']);
    waits = true;
    assert.deepEqual(surplus.due(pool, SIZES, 61_003), []);
  });

  it('go to the last one in a domain that has no size any more', () => {
    const surplus = new Surplus(1_000, nobody);
    const pool = poolOf('edge-7/1', 'edge-7/2');
    surplus.observe(pool, SIZES, 0);
    assert.deepEqual(surplus.due(pool, SIZES, 1_000), ['edge-7/2', 'edge-7/1']);
  });

  it('are never below the size, never held, never waited for, whatever happens in whatever order', () => {
    const action = fc.record({
      what: fc.constantFrom('reserve', 'free', 'add', 'lose', 'wish', 'wait', 'wait'),
      vehicle: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      ms: fc.integer({ min: 1, max: 1_500 }),
    });
    let ended = 0;
    fc.assert(
      fc.property(fc.array(action, { size: 'max', maxLength: 60 }), actions => {
        let pool = poolOf('edge-1/1', 'edge-1/2', 'edge-1/3');
        let [nowMs, count, waits] = [0, 3, false];
        const surplus = new Surplus(1_000, () => waits);
        /** Host → since when nobody has held a slot of it. */
        const emptySince = new Map<string, number>([...pool.keys()].map(name => [name, 0]));
        const change = (next: PoolState): void => {
          pool = next;
          surplus.observe(pool, SIZES, nowMs);
        };
        for (const { what, vehicle, ms } of actions) {
          if (what === 'reserve') {
            const found = reserve(pool, wish(vehicle), SIZES);
            if (found === undefined) continue;
            waits = false;
            emptySince.delete(found.host.host);
            change(found.pool);
          } else if (what === 'free') {
            for (const name of pool.keys()) {
              if (!pool.get(name)!.held.has(vehicle)) continue;
              change(free(pool, name, vehicle));
              if (pool.get(name)!.held.size === 0) emptySince.set(name, nowMs);
              break;
            }
          } else if (what === 'add') {
            const name = `edge-1/${++count}`;
            change(putHost(pool, host(name)));
            emptySince.set(name, nowMs);
          } else if (what === 'lose') {
            const [name] = pool.keys();
            if (name !== undefined) change(removeHost(pool, name));
          } else if (what === 'wish') {
            waits = true;
          } else {
            nowMs += ms;
            for (const name of surplus.due(pool, SIZES, nowMs)) {
              assert.equal(waits, false, 'somebody waits');
              assert.ok(nowMs - emptySince.get(name)! >= 1_000, `${name} was held a moment ago`);
              change(dismiss(pool, name)!);
              ended++;
              const ready = [...pool.values()].filter(({ state }) => state === 'ready');
              assert.ok(ready.length >= 1 && readySlots(pool, 'edge-1') >= 1, 'the pool has its size');
            }
          }
        }
      }),
    );
    assert.ok(ended > 0, 'some did go');
  });
});
