import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Shares } from '../../../../vmd/limits/share.js';

describe('the share of a sender', () => {
  it('is a burst at once, and then so much a second', () => {
    const shares = new Shares({ perS: 2, burstMs: 1_500 });
    const admitted: number[] = [];
    for (let nowMs = 0; nowMs < 4_000; nowMs += 100)
      while (shares.waitMs('a', nowMs) === 0) {
        shares.spend('a', 1, nowMs);
        admitted.push(nowMs);
      }
    // 1.5 s are three, and the one that may overdraw.
    assert.deepEqual(admitted, [0, 0, 0, 0, 500, 1_000, 1_500, 2_000, 2_500, 3_000, 3_500]);
  });

  it('says how long to wait, and is right', () => {
    const shares = new Shares({ perS: 10, burstMs: 0 });
    shares.spend('a', 5, 1_000);
    assert.equal(shares.waitMs('a', 1_000), 500);
    assert.equal(shares.waitMs('a', 1_499), 1);
    assert.equal(shares.waitMs('a', 1_500), 0);
  });

  it('never gives more than burst and rate, one piece more, whatever is sent when, and nobody takes from another', () => {
    const sending = fc.record({
      key: fc.constantFrom('mad', 'calm'),
      waitMs: fc.integer({ min: 0, max: 400 }),
      amount: fc.integer({ min: 1, max: 50 }),
    });
    fc.assert(
      fc.property(fc.array(sending, { size: 'max', maxLength: 200 }), sendings => {
        const [both, alone] = [new Shares({ perS: 20, burstMs: 1_000 }), new Shares({ perS: 20, burstMs: 1_000 })];
        let nowMs = 0;
        let sent = 0;
        for (const { key, waitMs, amount } of sendings) {
          nowMs += waitMs;
          const may = both.waitMs(key, nowMs) === 0;
          if (key === 'calm') assert.equal(may, alone.waitMs(key, nowMs) === 0);
          if (!may) continue;
          both.spend(key, amount, nowMs);
          if (key === 'calm') alone.spend(key, amount, nowMs);
          else sent += amount;
          assert.ok(sent <= 20 + (20 * nowMs) / 1_000 + 50, `${sent} in ${nowMs} ms`);
        }
      }),
    );
  });

  it('takes no memory for who is silent', () => {
    const shares = new Shares({ perS: 10, burstMs: 1_000 });
    for (let n = 0; n < 1_000; n++) shares.spend(`car-${n}`, 1, 0);
    shares.spend('car-0', 1, 5_000);
    assert.equal(shares.size, 1);
  });
});
