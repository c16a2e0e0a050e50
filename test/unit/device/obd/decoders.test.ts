import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { fromHex } from '../../../../common/hex.js';
import { decodeTroubleCodes, decodeVin } from '../../../../device/obd/identity.js';
import { busOf, reassemble } from '../../../../device/obd/iso-tp.js';
import { decodeMode01, decodeSupport } from '../../../../device/obd/mode01.js';

const bytes = (hex: string): Uint8Array => fromHex(hex)!;
const CAN11 = busOf('A6');

/** obd-parser: an independent decoder, for the four PIDs that it knows. */
interface Oracle {
  PIDS: Record<string, new () => { getValueForBytes(bytes: string[]): number }>;
}
const oracle = createRequire(import.meta.url)('obd-parser') as Oracle;

describe('OBD decoders', () => {
  for (const [pid, name, length] of [
    [0x05, 'CoolantTemp', 1],
    [0x0c, 'Rpm', 2],
    [0x0d, 'VehicleSpeed', 1],
    [0x2f, 'FuelLevel', 1],
  ] as const)
    it(`agrees with obd-parser on every value of PID ${pid}`, () => {
      const theirs = new oracle.PIDS[name]!();
      for (let value = 0; value < 256 ** length; value++) {
        const data = length === 1 ? [value] : [value >> 8, value & 0xff];
        const ours = decodeMode01(Uint8Array.from([0x41, pid, ...data])).get(pid) ?? NaN;
        const hex = [0x41, pid, ...data].map(byte => byte.toString(16).toUpperCase().padStart(2, '0'));
        assert.ok(Math.abs(ours - theirs.getValueForBytes(hex)) < 0.5, `${hex.join('')}: ${ours}`);
      }
    });

  for (const [hex, pid, value] of [
    ['410C1AF8', 0x0c, 1726],
    ['410500', 0x05, -40],
    ['4105FF', 0x05, 215],
    ['411003E8', 0x10, 10],
  ] as const)
    it(`decodes ${hex} as ${value}`, () => assert.equal(decodeMode01(bytes(hex)).get(pid), value));

  for (const length of [0, 1, 2, 3])
    it(`refuses a reply cut to ${length} bytes`, () =>
      assert.throws(() => decodeMode01(bytes('410C1AF8').subarray(0, length)), { code: 'OBD_FRAME' }));

  it('reads a support bitmap from its highest bit on', () =>
    assert.deepEqual(decodeSupport(0x20, bytes('412080000001')), [0x21, 0x40]));

  it('puts a VIN together from three frames', () => {
    const [message] = reassemble(['7E81014490201315644', '7E82147503030523535', '7E82242313233343536'], CAN11);
    assert.equal(decodeVin(message!.data), '1VDGP00R55B123456');
  });

  it('reads trouble codes, none included', () => {
    assert.deepEqual(decodeTroubleCodes(bytes('430201718123')), ['P0171', 'B0123']);
    assert.deepEqual(decodeTroubleCodes(bytes('4300')), []);
  });

  it('never throws anything but OBD_FRAME, whatever the line', () =>
    fc.assert(
      fc.property(fc.array(fc.string({ unit: fc.constantFrom(...'0123456789ABCDEF'), maxLength: 24 })), lines => {
        try {
          for (const { data } of reassemble(lines, CAN11)) decodeMode01(data);
        } catch (error) {
          assert.equal((error as { code: string }).code, 'OBD_FRAME');
        }
      }),
    ));
});
