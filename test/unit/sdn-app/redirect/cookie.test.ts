import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MAX_NUMBER } from '../../../../protocol/addresses.js';
import { UNKNOWN_METER, portMeter, vehicleMeter } from '../../../../sdn-app/redirect/network.js';
import {
  EPOCH_SPAN,
  KINDS,
  baseSlice,
  blockSlice,
  decodeCookie,
  encodeCookie,
  epochNear,
  vehicleSlice,
  type Cookie,
} from '../../../../sdn-app/redirect/cookie.js';
import { inSlice } from '../../../../sdn-app/switch/flow-switch.js';

const cookies: fc.Arbitrary<Cookie> = fc.record({
  number: fc.nat(2 ** 20 - 1),
  epochLow: fc.nat(EPOCH_SPAN - 1),
  kind: fc.constantFrom(...KINDS),
});

describe('cookie', () => {
  it('keeps vehicle, epoch and kind below 2^53', () =>
    fc.assert(
      fc.property(cookies, cookie => {
        const encoded = encodeCookie(cookie);
        assert.ok(Number.isSafeInteger(encoded));
        assert.deepEqual(decodeCookie(encoded), { ...cookie });
      }),
    ));

  it('does not take foreign cookies for its own', () => {
    for (const cookie of [0, 1, 2 ** 32, 2 ** 48 - 1, 2 ** 49, 2 ** 49 + 2 ** 48, 2 ** 48 + 15])
      assert.equal(decodeCookie(cookie), undefined);
  });

  it('has each flow in the slice of its vehicle and its block alone', () =>
    fc.assert(
      fc.property(cookies, fc.nat(2 ** 20 - 1), (cookie, other) => {
        const encoded = encodeCookie(cookie);
        assert.equal(inSlice(encoded, vehicleSlice(other)), other === cookie.number);
        const first = other - (other % 1024);
        assert.equal(inSlice(encoded, blockSlice(first, 1024)), cookie.number >= first && cookie.number < first + 1024);
        assert.equal(inSlice(encoded, baseSlice), cookie.kind === 'base');
        assert.equal(inSlice(encoded - 2 ** 48, vehicleSlice(cookie.number)), false);
      }),
    ));

  it('finds the whole epoch again from its low bits', () =>
    fc.assert(
      fc.property(fc.nat(2 ** 40), fc.integer({ min: -1_000_000, max: 1_000_000 }), (near, off) => {
        const epoch = Math.max(0, near + off);
        assert.equal(epochNear(epoch % EPOCH_SPAN, near), epoch);
      }),
    ));
});

describe('meters', () => {
  it('are among those that Open vSwitch has, and one for each port and each of 260,094 vehicles in a row', () => {
    for (const number of [0, 260_093, 260_094, MAX_NUMBER]) {
      assert.ok(vehicleMeter(number) > UNKNOWN_METER && vehicleMeter(number) < portMeter(0));
      assert.notEqual(vehicleMeter(number), vehicleMeter(number + 1));
    }
    assert.equal(vehicleMeter(260_093) + 1, portMeter(0));
    assert.equal(portMeter(2_047), 2 ** 18 - 1);
  });
});
