import assert from 'node:assert/strict';
import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import {
  LOOPBACK_PLAN,
  NETWORK_PLAN,
  aliasAddress6,
  hostMac,
  macText,
  twinAddress6,
} from '../../../protocol/addresses.js';
import { hexToIpv6, ipv6ToHex } from '../../../protocol/ipv6.js';

describe('IPv6 addresses', () => {
  const rows: readonly (readonly [string, string, string])[] = [
    ['::', '0'.repeat(32), '::'],
    ['::1', `${'0'.repeat(31)}1`, '::1'],
    ['FD00:0:0:0:0:0:0:1', 'fd000000000000000000000000000001', 'fd00::1'],
    // RFC 5952 §4.2.2, §4.2.3: a single zero stays; of two equal runs the first is shortened
    ['2001:db8:0:1:1:1:1:1', '20010db8000000010001000100010001', '2001:db8:0:1:1:1:1:1'],
    ['2001:db8::0:1:0:0:1', '20010db8000000000001000000000001', '2001:db8::1:0:0:1'],
    ['fd00::', 'fd000000000000000000000000000000', 'fd00::'],
    ['1:2:3:4:5:6:7::', '00010002000300040005000600070000', '1:2:3:4:5:6:7:0'],
  ];
  for (const [text, hex, canonical] of rows)
    it(`read ${text} and write ${canonical}`, () =>
      assert.deepEqual([ipv6ToHex(text), hexToIpv6(hex)], [hex, canonical]));

  for (const wrong of [
    '',
    ':',
    ':::',
    '1:2:3',
    '1:2:3:4:5:6:7:8:9',
    '::1::',
    'fd00::12345',
    'fd00::g',
    '127.0.0.1',
    '1:2:3:4:5:6:7:8::',
  ])
    it(`do not take '${wrong}' for one`, () => assert.throws(() => ipv6ToHex(wrong), { code: 'REQUEST_INVALID' }));

  it('come back from their text, which is one', () =>
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 }), groups => {
        const hex = groups.map(group => group.toString(16).padStart(4, '0')).join('');
        const text = hexToIpv6(hex);
        assert.ok(isIPv6(text));
        assert.equal(ipv6ToHex(text), hex);
        assert.equal(hexToIpv6(ipv6ToHex(text.toUpperCase())), text);
      }),
    ));

  it('of twins and aliases carry the number in their low bits, where the plan has them', () => {
    assert.equal(twinAddress6(NETWORK_PLAN, 0xfffff), 'fded:9e00:0:64::f:ffff');
    assert.equal(aliasAddress6(NETWORK_PLAN, 1), 'fded:9e00:0:80::1');
    assert.equal(twinAddress6(LOOPBACK_PLAN, 1), undefined);
  });

  it('are no MAC addresses: those of hosts follow from IPv4', () =>
    assert.equal(macText(hostMac('10.96.16.1')), '02:ed:0a:60:10:01'));
});
