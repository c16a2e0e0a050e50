import assert from 'node:assert/strict';
import fc from 'fast-check';
import { HeldSlots } from '../../../../md-manager/pool/held-slots.js';

const holder = fc.integer({ min: 0, max: 12 }).map(n => `v-${n}`);

describe('the held slots of a host', () => {
  it('are those of a plain map, numbered without a gap or a double, whatever happens', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ does: fc.constantFrom('with', 'without', 'passed'), who: holder, to: holder })),
        steps => {
          let held = HeldSlots.none;
          const model = new Map<string, string>();
          let most = 0;
          for (const [n, { does, who, to }] of steps.entries()) {
            if (does === 'with') {
              held = held.with(who, 'reserved', `h${n}`);
              model.set(who, `h${n}`);
            } else if (does === 'without') {
              held = held.without(who);
              model.delete(who);
            } else if (who !== to) {
              held = held.passed(who, to, `h${n}`);
              if (model.delete(who)) model.set(to, `h${n}`);
            }
            most = Math.max(most, held.size);
            const found = [...held].map(([name, { handover }]) => [name, handover] as const);
            assert.deepEqual(new Map(found), model);
            assert.equal(held.size, model.size);
            const numbers = [...held.values()].map(({ slot }) => slot);
            assert.equal(new Set(numbers).size, numbers.length, 'each slot is held once');
            assert.ok(Math.max(-1, ...numbers) < most, 'a slot that was given back is given first');
          }
        },
      ),
    );
  });

  it('stay as they are when they are replaced', () => {
    const one = HeldSlots.none.with('a', 'reserved', 'h');
    assert.equal(one.with('b', 'reserved', 'h').without('a').has('a'), false);
    assert.deepEqual([one.size, one.get('a')?.slot, one.has('b')], [1, 0, false]);
  });

  it('keep the number of a slot while it is held', () => {
    const held = HeldSlots.none.with('a', 'reserved', 'h').with('b', 'reserved', 'h');
    const later = held.without('a').with('b', 'assigned', 'i').passed('b', 'c', 'j');
    assert.deepEqual(later.get('c'), { slot: 1, state: 'assigned', handover: 'j' });
  });
});
