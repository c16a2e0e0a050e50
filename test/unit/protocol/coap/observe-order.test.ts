import assert from 'node:assert/strict';
import fc from 'fast-check';
import { OBSERVE_NUMBERS, clockNumbers, isFresher } from '../../../../protocol/coap/observe-order.js';

const number = fc.nat(OBSERVE_NUMBERS - 1);

describe('the order of notifications (RFC 7641 §3.4)', () => {
  it('goes by the number, round the end of 24 bits', () => {
    const at = (observe: number) => ({ observe, atMs: 0 });
    for (const [older, newer] of [
      [12, 44],
      [0, 2 ** 23 - 1],
      [2 ** 24 - 1, 0],
      [2 ** 24 - 5, 60],
    ] as const) {
      assert.ok(isFresher(at(newer), at(older)), `${newer} after ${older}`);
      assert.ok(!isFresher(at(older), at(newer)), `${older} after ${newer}`);
    }
    assert.ok(!isFresher(at(7), at(7)));
    assert.ok(!isFresher(at(0), at(2 ** 23)), 'half a turn apart tells nothing');
    assert.ok(!isFresher(at(2 ** 23), at(0)), 'half a turn apart tells nothing');
  });

  it('goes by the arrival alone after 128 s', () => {
    assert.ok(!isFresher({ observe: 5, atMs: 128_000 }, { observe: 6, atMs: 0 }));
    assert.ok(isFresher({ observe: 5, atMs: 128_001 }, { observe: 6, atMs: 0 }));
  });

  it('is never both ways, and numbers in a row come in a row', () => {
    fc.assert(
      fc.property(number, number, fc.integer({ min: 1, max: 2 ** 23 - 1 }), (a, b, step) => {
        const at = (observe: number) => ({ observe, atMs: 0 });
        assert.ok(!(isFresher(at(a), at(b)) && isFresher(at(b), at(a))));
        assert.ok(isFresher(at((a + step) % OBSERVE_NUMBERS), at(a)));
      }),
    );
  });
});

describe('numbers by the clock', () => {
  it('grow with each notification, whatever the clock does, and go on after a restart', () => {
    fc.assert(
      fc.property(
        fc.nat(2 ** 31),
        fc.array(fc.integer({ min: -50, max: 100_000 }), { maxLength: 50 }),
        (start, steps) => {
          let nowMs = start;
          let next = clockNumbers(() => nowMs);
          let last = next();
          let highestMs = nowMs;
          for (const [i, step] of steps.entries()) {
            nowMs += step;
            if (i === 20) {
              // A process begins again once its clock is past all that it was, by more than it sent.
              nowMs = highestMs + 100;
              next = clockNumbers(() => nowMs);
            }
            highestMs = Math.max(highestMs, nowMs);
            const found = next();
            assert.ok(found >= 0 && found < OBSERVE_NUMBERS);
            assert.ok(isFresher({ observe: found, atMs: 0 }, { observe: last, atMs: 0 }), `${found} after ${last}`);
            last = found;
          }
        },
      ),
    );
  });
});
