import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  LOOPBACK_PLAN,
  MAX_NUMBER,
  NETWORK_PLAN,
  aliasAddress,
  aliasAddress6,
  twinAddress,
  twinAddress6,
} from '../../../protocol/addresses.js';
import { address6At, hexToIpv6 } from '../../../protocol/ipv6.js';
import { aliasReader } from '../../../vmd/alias-of.js';

const number = fc.integer({ min: 0, max: MAX_NUMBER });
const group = fc.integer({ min: 0, max: 0xffff });

describe('the vehicle behind an alias', () => {
  const read = aliasReader(NETWORK_PLAN);

  it('is known by either family', () =>
    fc.assert(
      fc.property(number, vehicle => {
        assert.equal(read(aliasAddress(NETWORK_PLAN, vehicle)), vehicle);
        assert.equal(read(aliasAddress6(NETWORK_PLAN, vehicle) ?? ''), vehicle);
      }),
    ));

  it('is nobody where the address is a twin’s, or is beyond the last vehicle', () =>
    fc.assert(
      fc.property(number, fc.bigInt({ min: BigInt(MAX_NUMBER) + 1n, max: 2n ** 64n - 1n }), (vehicle, beyond) => {
        assert.equal(read(twinAddress(NETWORK_PLAN, vehicle)), undefined);
        assert.equal(read(twinAddress6(NETWORK_PLAN, vehicle) ?? ''), undefined);
        const low = beyond.toString(16).padStart(16, '0');
        assert.equal(read(hexToIpv6(`fded9e0000000080${low}`)), undefined);
      }),
    ));

  it('is known whatever the prefix is, though zeros may be left out elsewhere', () =>
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constant(0), group), { minLength: 4, maxLength: 4 }),
        fc.oneof(number, fc.constantFrom(0, 1, 0xffff, 0x1_0000, 0x1_0001, MAX_NUMBER)),
        (groups, vehicle) => {
          const alias6 = hexToIpv6(`${groups.map(one => one.toString(16).padStart(4, '0')).join('')}${'0'.repeat(16)}`);
          const address = address6At(alias6, vehicle);
          assert.equal(aliasReader({ aliasPrefix: '10.80.0.0', alias6 })(address), vehicle, address);
        },
      ),
    ));

  for (const stranger of [
    'fe80::1%eth0',
    '::ffff:10.80.0.7',
    'fded:9e00:0:80:1::7',
    'fded:9e00:0:80::1:2:3',
    'twin',
    '',
  ])
    it(`is nobody at '${stranger}'`, () => assert.equal(read(stranger), undefined));

  it('is nobody over IPv6 where the plan has none', () =>
    assert.equal(aliasReader(LOOPBACK_PLAN)(aliasAddress6(NETWORK_PLAN, 7) ?? ''), undefined));
});
