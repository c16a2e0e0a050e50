import assert from 'node:assert/strict';
import fc from 'fast-check';
import { SocketAddress } from 'node:net';
import { hostMacOf, ipv6Of, ipv6Prefix, macOf } from '../../../../lab/netns/address-plan.js';
import { checksumErrorsIn } from '../../../../lab/netns/checksum.js';
import { addressAt } from '../../../../protocol/addresses.js';

describe('addresses of a network of namespaces', () => {
  it('have an IPv6 address with the same low bits, in the canonical text', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('10.64.0.0', '10.80.0.0', '10.96.0.0', '10.112.0.0'),
        fc.nat({ max: 0xfffff }),
        (prefix, low) => {
          const text = ipv6Of(addressAt(prefix, low));
          assert.equal(new SocketAddress({ family: 'ipv6', address: text }).address, text);
          assert.ok(text.startsWith(ipv6Prefix(prefix)));
        },
      ),
    );
    assert.deepEqual(['10.64.0.0', '10.64.0.1', '10.112.0.1', '10.127.255.254'].map(ipv6Of), [
      'fded:9e00:0:64::',
      'fded:9e00:0:64::1',
      'fded:9e00:0:112::1',
      'fded:9e00:0:112::f:fffe',
    ]);
  });

  it('are different for two addresses, and so are MAC addresses for two places', () => {
    fc.assert(
      fc.property(fc.nat({ max: 0xfffff }), fc.nat({ max: 0xfffff }), (one, other) =>
        assert.equal(ipv6Of(addressAt('10.64.0.0', one)) === ipv6Of(addressAt('10.64.0.0', other)), one === other),
      ),
    );
    assert.deepEqual(
      [macOf('car', 0), macOf('car', 300), hostMacOf('10.96.16.1')],
      ['02:ed:9e:01:00:00', '02:ed:9e:01:01:2c', '02:ed:0a:60:10:01'],
    );
  });
});

describe('UDP checksum errors', () => {
  const SNMP = `Ip: Forwarding DefaultTTL
Ip: 2 64
Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti MemErrors
Udp: 10 1 5 9 0 0 5 0 0
UdpLite: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors
UdpLite: 0 0 0 0 0 0 7
`;
  it('are read from the kernel’s own counters', () => assert.equal(checksumErrorsIn(SNMP), 5));
  it('count those of IPv6 as well', () =>
    assert.equal(
      checksumErrorsIn(`${SNMP}Udp6InDatagrams                 \t3\nUdp6InCsumErrors                \t2\n`),
      7,
    ));
  it('are none where the kernel counts none', () => assert.equal(checksumErrorsIn(''), 0));
});
