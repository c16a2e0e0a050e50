import assert from 'node:assert/strict';
import fc from 'fast-check';
import { actsForMs, freeInMs, isFree, look, type Seen } from '../../../../md-manager/leader/lease.js';

const row = { service: 'md-manager', holder: 'a', url: 'http://a:1', term: 4, ttlMs: 2_000, beat: 7 };

describe('the lease of the leading md-manager', () => {
  it('is free where nobody has it, where it was given back, and where its holder is gone for sure', () => {
    assert.equal(isFree({ row: undefined, sinceMs: 0 }, 0, false), true);
    assert.equal(isFree({ row: { ...row, ttlMs: 0 }, sinceMs: 0 }, 0, false), true);
    assert.equal(isFree({ row, sinceMs: 0 }, 0, true), true);
    assert.equal(isFree({ row, sinceMs: 0 }, 1_999, false), false);
  });

  it('is free once it was seen to stand still for its time', () => {
    const seen = look(undefined, row, 100);
    assert.equal(look(seen, { ...row }, 1_500), seen);
    assert.equal(isFree(seen, 2_100, false), true);
    const renewed = look(seen, { ...row, beat: 8 }, 1_500);
    assert.equal(isFree(renewed, 2_100, false), false);
    assert.equal(isFree(renewed, 3_500, false), true);
  });

  it('tells when it will be free: then, and not a moment sooner', () => {
    const seen = { row, sinceMs: 100 };
    for (const now of [100, 900, 2_099]) {
      assert.equal(isFree(seen, now, false), false);
      assert.equal(isFree(seen, now + freeInMs(seen, now), false), true);
      assert.equal(isFree(seen, now + freeInMs(seen, now) - 1, false), false);
    }
    assert.equal(freeInMs(seen, 5_000), 0);
    assert.equal(freeInMs({ row: undefined, sinceMs: 100 }, 100), 0);
  });

  it('never is another’s while its holder acts on it, whenever anybody looks, with clocks a tenth apart', () => {
    const times = fc.array(fc.integer({ min: 1, max: 1_500 }), { minLength: 1, maxLength: 20 });
    const rate = fc.double({ min: 0.95, max: 1.05, noNaN: true });
    fc.assert(
      fc.property(times, times, rate, fc.integer({ min: 0, max: 400 }), (renewals, looks, fast, takesMs) => {
        // The leader renews at these moments of its own clock, and each write takes a while; then it is stopped.
        let atMs = 0;
        const writes = renewals.map(pause => ({ sentMs: (atMs += pause + takesMs), seenMs: atMs + takesMs }));
        const last = writes.at(-1)!;
        let seen: Seen | undefined;
        let lookMs = 0;
        for (let turn = 0; lookMs < last.seenMs + 10_000; turn++) {
          lookMs += looks[turn % looks.length]!;
          const beat = writes.findLastIndex(write => write.seenMs <= lookMs);
          seen = look(seen, beat < 0 ? undefined : { ...row, beat }, lookMs * fast);
          if (beat < 0 || !isFree(seen, lookMs * fast, false)) continue;
          const acting = writes.findLast(write => write.seenMs <= lookMs)!;
          assert.ok(lookMs >= acting.sentMs + actsForMs(row.ttlMs), 'somebody took a lease that is acted on');
          return;
        }
        assert.fail('in the end somebody may take it');
      }),
      { numRuns: 2_000 },
    );
  });
});
