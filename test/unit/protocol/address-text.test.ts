import assert from 'node:assert/strict';
import fc from 'fast-check';
import { hostPort } from '../../../common/config.js';
import { MAX_NUMBER, numberOfAddress6 } from '../../../protocol/addresses.js';
import { address6At, address6Plus, hexToIpv6, inUrl, ipv6Setting } from '../../../protocol/ipv6.js';

const PREFIX = 'fded:9e00:0:80::';

describe('IPv6 addresses of vehicles and hosts', () => {
  it('tell the number again, in any of their texts', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX_NUMBER }), number => {
        const address = address6At(PREFIX, number);
        assert.equal(numberOfAddress6(PREFIX, address), number);
        assert.equal(numberOfAddress6(PREFIX, new URL(`http://[${address}]/`).hostname.slice(1, -1)), number);
        assert.equal(numberOfAddress6(PREFIX, address.toUpperCase()), number);
      }),
    ));

  for (const address of [
    'fded:9e00:0:64::1',
    'fded:9e00:0:80::10:0',
    'fded:9e00:0:80:1::',
    '10.80.0.1',
    'fe80::1%eth0',
  ])
    it(`${address} is no vehicle's`, () => assert.equal(numberOfAddress6(PREFIX, address), undefined));

  it('count on from any address, across the groups', () => {
    for (const [first, offset, expected] of [
      ['fded:9e00:0:96::1000', 1, 'fded:9e00:0:96::1001'],
      ['fded:9e00:0:96::ffff', 1, 'fded:9e00:0:96::1:0'],
      ['fd00::ffff:ffff', 1_022, 'fd00::1:0:3fd'],
      ['fd00::', 0, 'fd00::'],
    ] as const)
      assert.equal(address6Plus(first, offset), expected);
  });

  it('are canonical as settings, and named where they are none', () => {
    assert.equal(ipv6Setting('FDED:9E00:0000:0080:0:0:0:0'), PREFIX);
    for (const wrong of ['10.80.0.0', 'fd00', 'fd00:::', 'fd00::1%eth0'])
      assert.throws(() => ipv6Setting(wrong), /^Error: an IPv6 address$/);
  });

  it('stand in brackets before a port, and are read from there', () =>
    fc.assert(
      fc.property(
        fc.oneof(
          fc.ipV4(),
          fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map(value => hexToIpv6(value.toString(16).padStart(32, '0'))),
        ),
        fc.integer({ min: 1, max: 65_535 }),
        (address, port) => {
          assert.deepEqual(hostPort(`${inUrl(address)}:${port}`), { address, port });
          assert.equal(new URL(`http://${inUrl(address)}:${port}/`).hostname, inUrl(address));
        },
      ),
    ));

  for (const wrong of [
    '::1:80',
    '[::1]',
    '[::1]:0',
    '[::1]:65536',
    '[]:80',
    '[::1:80',
    '::1]:80',
    '[::1]x:80',
    '[host]:80',
  ])
    it(`${wrong} is no address and port`, () => assert.throws(() => hostPort(wrong), /ADDRESS:PORT/));
});
