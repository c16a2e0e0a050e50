import assert from 'node:assert/strict';
import fc from 'fast-check';
import { RoundTrip } from '../../../../device/uplink/round-trip.js';

const RULES = { firstMs: 2_000, answerMs: 5_000 };

/** Answers that took so long, one a second, each to a message that went once. */
function fed(tookMs: readonly number[]): RoundTrip {
  const trip = new RoundTrip(RULES);
  tookMs.forEach((ms, second) => trip.answered(ms, 1, second * 1_000));
  return trip;
}

describe('round trips', () => {
  it('begin with the setting', () => {
    const trip = new RoundTrip(RULES);
    assert.deepEqual([trip.ackTimeoutMs(0), trip.answerMs, trip.meanMs], [2_000, 5_000, undefined]);
  });
  it('that are short make the wait short, but not shorter than a twin may think', () => {
    const trip = fed(Array.from({ length: 50 }, () => 40));
    assert.equal(trip.ackTimeoutMs(50_000), 600);
    assert.equal(trip.answerMs, 5_000);
  });
  it('that are long make the wait longer than they are, so that nothing is sent twice', () => {
    const trip = fed(Array.from({ length: 50 }, () => 4_000));
    const waitMs = trip.ackTimeoutMs(50_000);
    assert.ok(waitMs > 4_000 && waitMs < 8_000, String(waitMs));
    assert.equal(trip.answerMs, 16_000);
  });
  it('that vary make the wait longer than their mean', () => {
    const trip = fed(Array.from({ length: 60 }, (_, at) => (at % 2 === 0 ? 500 : 2_500)));
    assert.ok(trip.ackTimeoutMs(60_000) > 3_000);
  });
  it('of messages that went twice count little', () => {
    const trip = fed(Array.from({ length: 20 }, () => 1_000));
    const beforeMs = trip.ackTimeoutMs(20_000);
    trip.answered(30_000, 2, 20_000);
    const afterMs = trip.ackTimeoutMs(20_000);
    assert.ok(afterMs > beforeMs && afterMs < beforeMs + 12_000, `${beforeMs} → ${afterMs}`);
    assert.equal(trip.meanMs, fed(Array.from({ length: 20 }, () => 1_000)).meanMs);
  });
  it('are forgotten by and by where nothing is heard', () => {
    for (const tookMs of [20, 6_000]) {
      const trip = fed(Array.from({ length: 20 }, () => tookMs));
      assert.ok(Math.abs(trip.ackTimeoutMs(3_600_000) - 2_000) < 20, String(trip.ackTimeoutMs(3_600_000)));
    }
  });
  it('slower than the time for an answer come through at last', () => {
    const trip = new RoundTrip(RULES);
    let tries = 0;
    for (; trip.answerMs < 30_000; tries++) trip.timedOut();
    assert.ok(tries <= 5, String(tries));
    trip.answered(30_000, 1, 0);
    assert.equal(trip.answerMs, 60_000);
    for (let i = 0; i < 40; i++) trip.answered(100, 1, 1_000 * i);
    assert.equal(trip.answerMs, 5_000, 'and a link that got better is not waited for so long');
  });
  it('never give a wait out of bounds', () =>
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 1, max: 5 }), fc.boolean())),
        fc.array(fc.integer({ min: 0, max: 1e7 })),
        (answers, looks) => {
          const trip = new RoundTrip(RULES);
          let nowMs = 0;
          for (const [tookMs, copies, isLost] of answers) {
            nowMs += tookMs;
            if (isLost) trip.timedOut();
            else trip.answered(tookMs, copies, nowMs);
            const waitMs = trip.ackTimeoutMs((nowMs += looks.pop() ?? 0));
            assert.ok(waitMs >= 600 && waitMs <= 32_000 && trip.answerMs >= 5_000 && trip.answerMs <= 60_000);
          }
        },
      ),
    ));
});
