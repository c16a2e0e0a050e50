import assert from 'node:assert/strict';
import type { PoolPolicy } from '../../../../md-manager/pool/policy/policy.js';
import { Sizing } from '../../../../md-manager/pool/sizing.js';
import { sized } from '../../../fakes/pool-size.js';

const LEAST = new Map([
  ['edge-1', 2],
  ['edge-2', 1],
]);
const POLICY: PoolPolicy = { kind: 'hit-rate', target: 0.999, halfLifeMs: 600_000, startMs: 1_000, mostSlots: 64 };

describe('the sizes of pools', () => {
  it('are those of the settings where they are fixed, whatever is asked for', () => {
    const sizing = new Sizing({ kind: 'fixed' }, LEAST);
    for (let atMs = 0; atMs < 100_000; atMs += 10) sizing.taken('edge-1', atMs);
    sizing.adjust(100_000);
    assert.deepEqual(sizing.sizes, new Map([...LEAST].map(([domain, size]) => [domain, sized(size)])));
  });

  it('grow where slots are asked for, with what hosts were seen to take, and there alone', () => {
    const sizing = new Sizing(POLICY, LEAST);
    for (let atMs = 0; atMs < 600_000; atMs += 1_000) sizing.taken('edge-1', atMs);
    sizing.adjust(600_000);
    const quick = sizing.sizes.get('edge-1')!.slots;
    assert.ok(quick > 2 && quick < 12, String(quick));
    // Of a domain where nobody asked yet one request is reckoned with.
    assert.equal(sizing.sizes.get('edge-2')?.slots, 2);
    for (let n = 0; n < 20; n++) sizing.started('edge-1', 10_000, 600_000);
    sizing.adjust(600_000);
    assert.ok(sizing.sizes.get('edge-1')!.slots > quick);
  });

  it('shrink back when nobody asks any more', () => {
    const sizing = new Sizing(POLICY, LEAST);
    for (let atMs = 0; atMs < 600_000; atMs += 100) sizing.taken('edge-2', atMs);
    sizing.adjust(600_000);
    assert.ok(sizing.sizes.get('edge-2')!.slots > 15);
    sizing.adjust(600_000 * 20);
    assert.equal(sizing.sizes.get('edge-2')?.slots, 2);
  });

  it('grow by those who are foreseen, for whom what is beyond the least is, and shrink without them', () => {
    const sizing = new Sizing({ kind: 'prediction', mostSlots: 6 }, LEAST);
    sizing.expect(new Map([['edge-1', 3]]));
    sizing.adjust(0);
    assert.deepEqual(sizing.sizes.get('edge-1'), { hosts: 2, slots: 5, reserve: 2 });
    assert.deepEqual(sizing.sizes.get('edge-2'), sized(1));
    sizing.expect(new Map([['edge-1', 300]]));
    sizing.adjust(1);
    assert.equal(sizing.sizes.get('edge-1')?.slots, 6, 'the quota');
    sizing.expect(new Map());
    sizing.adjust(2);
    assert.deepEqual(sizing.sizes.get('edge-1'), sized(2));
  });
});
