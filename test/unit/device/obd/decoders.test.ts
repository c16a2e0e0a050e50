import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { fromHex } from '../../../../common/hex.js';
import { busOf } from '../../../../device/obd/bus.js';
import { decodeInfo, decodeTroubleCodes, decodeVin } from '../../../../device/obd/identity.js';
import { reassemble } from '../../../../device/obd/iso-tp.js';
import { decodeMode01, decodeSupport, splitMode01 } from '../../../../device/obd/mode01.js';

const bytes = (hex: string): Uint8Array => fromHex(hex)!;
const CAN11 = busOf('A6');

/** obd-parser: an independent decoder, for the four PIDs that it knows. */
interface Oracle {
  PIDS: Record<string, new () => { getValueForBytes(bytes: string[]): number }>;
}
const oracle = createRequire(import.meta.url)('obd-parser') as Oracle;

describe('OBD decoders', () => {
  for (const [pid, wire, name, length] of [
    [0x05, 'ect', 'CoolantTemp', 1],
    [0x0c, 'rpm', 'Rpm', 2],
    [0x0d, 'spd', 'VehicleSpeed', 1],
    [0x2f, 'flvl', 'FuelLevel', 1],
  ] as const)
    it(`agrees with obd-parser on every value of PID ${pid}`, () => {
      const theirs = new oracle.PIDS[name]!();
      for (let value = 0; value < 256 ** length; value++) {
        const data = length === 1 ? [value] : [value >> 8, value & 0xff];
        const ours = decodeMode01(Uint8Array.from([0x41, pid, ...data])).get(wire);
        // 255 km/h is how cars say that they have no speed; obd-parser takes it for one.
        if (pid === 0x0d && value === 255) {
          assert.equal(ours, undefined);
          continue;
        }
        const hex = [0x41, pid, ...data].map(byte => byte.toString(16).toUpperCase().padStart(2, '0'));
        assert.ok(Math.abs((ours ?? NaN) - theirs.getValueForBytes(hex)) < 0.5, `${hex.join('')}: ${ours}`);
      }
    });

  for (const [hex, wire, value] of [
    ['410C1AF8', 'rpm', 1726],
    ['410500', 'ect', -40],
    ['4105FF', 'ect', 215],
    ['411003E8', 'maf', 10],
  ] as const)
    it(`decodes ${hex} as ${value}`, () => assert.equal(decodeMode01(bytes(hex)).get(wire), value));

  for (const length of [0, 1, 2, 3])
    it(`refuses a reply cut to ${length} bytes`, () =>
      assert.throws(() => decodeMode01(bytes('410C1AF8').subarray(0, length)), { code: 'OBD_FRAME' }));

  it('reads a support bitmap from its highest bit on', () =>
    assert.deepEqual(decodeSupport(0x20, bytes('412080000001')), [0x21, 0x40]));

  it('puts a VIN together from three frames', () => {
    const [message] = reassemble(['7E81014490201315644', '7E82147503030523535', '7E82242313233343536'], CAN11);
    assert.equal(decodeVin([message!.data], true), '1VDGP00R55B123456');
  });

  it('reads trouble codes, none included', () => {
    assert.deepEqual(decodeTroubleCodes(bytes('430201718123')), ['P0171', 'B0123']);
    assert.deepEqual(decodeTroubleCodes(bytes('4300')), []);
    // K-line: no count, three codes a message
    assert.deepEqual(decodeTroubleCodes(bytes('43017181230000')), ['P0171', 'B0123']);
    assert.throws(() => decodeTroubleCodes(bytes('43050171')), { code: 'OBD_FRAME' });
  });

  it('puts a VIN together from the five messages of K-line, and misses none', () => {
    const parts = ['49020100000031', '49020256444750', '49020330305235', '49020435423132', '49020533343536'].map(bytes);
    assert.equal(decodeVin(parts, false), '1VDGP00R55B123456');
    assert.throws(() => decodeVin(parts.toSpliced(2, 1), false), { code: 'OBD_FRAME' });
  });

  it('reads several calibrations of one unit', () =>
    assert.deepEqual(decodeInfo(0x06, [bytes('490602000000015A6B7C8D')], true), ['00000001', '5A6B7C8D']));

  it('takes all the rest for one PID that was asked for alone, and none too few or too many for several', () => {
    assert.equal(splitMode01(bytes('416803465000'), [0x68]).get(0x68)?.byteLength, 4);
    assert.deepEqual(
      [...decodeMode01(bytes('416803465000'), [0x68])],
      [
        ['it11', 30],
        ['it12', 40],
      ],
    );
    assert.throws(() => splitMode01(bytes('410C1AF80D'), [0x0c, 0x0d]), { code: 'OBD_FRAME' });
    assert.throws(() => splitMode01(bytes('410D20'), [0x0c]), { code: 'OBD_FRAME' });
  });

  it('never throws anything but OBD_FRAME, whatever the message', () =>
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 40 }),
        fc.constantFrom(0x41, 0x43, 0x47, 0x49),
        fc.integer({ min: 0, max: 255 }),
        (rest, first, pid) => {
          const message = Uint8Array.of(first, pid, ...rest);
          const readers = [
            () => decodeMode01(message),
            () => decodeMode01(message, [pid]),
            () => decodeSupport(pid & 0xe0, message),
            () => decodeTroubleCodes(message),
            () => decodeVin([message, message], false),
            () => decodeInfo(0x04, [message], true),
          ];
          for (const read of readers)
            try {
              read();
            } catch (error) {
              assert.equal((error as { code?: string }).code, 'OBD_FRAME', String(error));
            }
        },
      ),
      { numRuns: 2_000 },
    ));
});
