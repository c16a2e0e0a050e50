import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ask, isSameRecord, type HeldLease } from '../../../../md-manager/leases/service-lease.js';

const request = (holder: string, ttlMs = 1_000, url = `http://${holder}:1`) => ({ holder, url, ttlMs });

describe('the lease of a service', () => {
  it('goes to the first who asks, with term 1, and stays with it while it renews', () => {
    const first = ask(undefined, request('a'), 0);
    assert.deepEqual([first.holder, first.term, first.untilMs], ['a', 1, 1_000]);
    assert.equal(ask(first, request('b'), 999), first);
    assert.deepEqual(ask(first, request('a'), 900), { ...first, untilMs: 1_900 });
  });

  it('goes to another only once its time is over, with a higher term; a late holder keeps it where nobody asked', () => {
    const first = ask(undefined, request('a'), 0);
    assert.deepEqual([ask(first, request('a'), 5_000).term, ask(first, request('a'), 5_000).untilMs], [1, 6_000]);
    const second = ask(first, request('b'), 1_000);
    assert.deepEqual([second.holder, second.term], ['b', 2]);
    assert.equal(ask(second, request('a'), 1_500), second);
  });

  it('goes at once, with a higher term, to who begins at the address of its holder, and to nobody who begins elsewhere', () => {
    const held = ask(undefined, request('a', 1_000, 'http://here:1'), 0);
    const begins = { ...request('b', 1_000, 'http://here:1'), begins: true };
    const next = ask(held, begins, 10);
    assert.deepEqual([next.holder, next.term], ['b', 2]);
    assert.equal(ask(held, { ...begins, url: 'http://there:1' }, 10), held);
    assert.equal(ask(held, { ...begins, begins: false }, 10), held);
    // of two at one address the one that was there before does not get it back by asking on
    assert.equal(ask(next, request('a', 1_000, 'http://here:1'), 20), next);
  });

  it('writes down a new address of its holder, and no mere renewal', () => {
    const first = ask(undefined, request('a'), 0);
    assert.ok(isSameRecord(first, ask(first, request('a'), 500)));
    const moved = ask(first, request('a', 1_000, 'http://elsewhere:1'), 500);
    assert.deepEqual([isSameRecord(first, moved), moved.term], [false, 1]);
  });

  it('never shortens what a holder was told, and never has two holders at one term', () => {
    const url = fc.constantFrom('http://one:1', 'http://two:1');
    const asks = fc.array(
      fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 100, max: 900 }), fc.nat(700), url, fc.boolean()),
    );
    fc.assert(
      fc.property(asks, history => {
        const holders = new Map<number, string>();
        let held: HeldLease | undefined;
        let nowMs = 0;
        for (const [holder, ttlMs, passedMs, at, begins] of history) {
          nowMs += passedMs;
          const before = held;
          held = ask(before, { ...request(holder, ttlMs, at), begins }, nowMs);
          if (before !== undefined && before.untilMs > nowMs && !(begins && before.url === at)) {
            assert.equal(held.holder, before.holder);
            assert.ok(held.untilMs >= before.untilMs);
          }
          assert.ok(held.term >= (before?.term ?? 0));
          assert.equal(holders.get(held.term) ?? held.holder, held.holder);
          holders.set(held.term, held.holder);
        }
      }),
    );
  });
});
