import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readPacket } from '../../../../sdn-app/switch/packet.js';
import { frameOf } from '../../../fakes/frames.js';
import { arbitraryWide } from '../../../fakes/arbitrary-flows.js';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'));

/** Written down from a capture of a DNS query (10.0.2.15:45231 → 8.8.8.8:53), and the same behind tags. */
const DNS4 =
  '4500 0039 1c46 4000 4011 fd0f 0a00 020f 0808 0808 b0af 0035 0025 1c52 24b1 0100 0001 0000 0000 0000 0377 7777 0000 0100 01';
const MACS = '525400123502 0800278aa1b2';
const MAC = { ethDst: 0x525400123502, ethSrc: 0x0800278aa1b2 };
const DNS = { family: 'ipv4', ipSrc: 0x0a00020f, ipDst: 0x08080808, udpSrc: 45_231, udpDst: 53 };
const IP6 = 'fe80 0000 0000 0000 0a00 27ff fe8a a1b2 ff02 0000 0000 0000 0000 0000 0000 00fb';
const MDNS = {
  family: 'ipv6',
  ip6Src: 'fe800000000000000a0027fffe8aa1b2',
  ip6Dst: 'ff0200000000000000000000000000fb',
  udpSrc: 5353,
  udpDst: 5353,
};
const UDP6 = '14e9 14e9 000c 7b1a 00000000';

describe('headers of a copied packet', () => {
  const vectors: readonly (readonly [string, string, object])[] = [
    ['UDP over IPv4', `${MACS} 0800 ${DNS4}`, { ...MAC, ...DNS }],
    ['a tag of 802.1Q', `${MACS} 8100 a064 0800 ${DNS4}`, { ...MAC, vlan: 100, ...DNS }],
    ['two tags, of which the outer counts', `${MACS} 88a8 0005 8100 0064 0800 ${DNS4}`, { ...MAC, vlan: 5, ...DNS }],
    [
      'IPv4 options (RFC 791 §3.1: 4 bytes of no-operation)',
      `${MACS} 0800 46${DNS4.slice(2, 49)} 01010100 ${DNS4.slice(50)}`,
      { ...MAC, ...DNS },
    ],
    ['the first fragment, which has its ports', `${MACS} 0800 ${DNS4.replace('4000', '2000')}`, { ...MAC, ...DNS }],
    ['a later fragment', `${MACS} 0800 ${DNS4.replace('4000', '0010')}`, { ...MAC, family: 'other' }],
    ['TCP', `${MACS} 0800 ${DNS4.replace('4011', '4006')}`, { ...MAC, family: 'other' }],
    ['UDP over IPv6', `${MACS} 86dd 60000000 000c 11 ff ${IP6} ${UDP6}`, { ...MAC, ...MDNS }],
    [
      'IPv6 behind hop-by-hop options and the first fragment (RFC 8200 §4.3, §4.5)',
      `${MACS} 86dd 60000000 001c 00 ff ${IP6} 2c00 0104 0000 0000 1100 0001 00000007 ${UDP6}`,
      { ...MAC, ...MDNS },
    ],
    [
      'a later fragment of IPv6',
      `${MACS} 86dd 60000000 0014 2c ff ${IP6} 1100 0009 00000007 ${UDP6}`,
      { ...MAC, family: 'other' },
    ],
    ['ICMPv6', `${MACS} 86dd 60000000 000c 3a ff ${IP6} ${UDP6}`, { ...MAC, family: 'other' }],
    [
      'ARP',
      `ffffffffffff 0800278aa1b2 0806 0001 0800 06 04 0001`,
      { ethDst: 2 ** 48 - 1, ethSrc: MAC.ethSrc, family: 'other' },
    ],
  ];
  for (const [what, frame, headers] of vectors)
    it(`reads ${what}`, () => assert.deepEqual(readPacket(bytes(frame)), headers));

  it('takes bytes of any kind', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 128 }), frame => {
        assert.ok(['ipv4', 'ipv6', 'other'].includes(String(readPacket(frame).family)));
      }),
    );
  });

  for (const [what, frame, headers] of vectors)
    it(`says of ${what}, cut anywhere, only what is there`, () => {
      const whole = bytes(frame);
      for (let length = 0; length < whole.length; length++) {
        const { vlan, ...found } = readPacket(whole.subarray(0, length));
        const { vlan: _vlan, ...expected } = headers as { vlan?: number };
        assert.ok(vlan === undefined || vlan === _vlan);
        if (found.family === 'other') assert.ok(Object.keys(found).length === (length < 14 ? 1 : 3));
        else assert.deepEqual(found, expected);
      }
    });

  it('reads back every frame that is made from headers', () => {
    const number = (bits: number) => fc.integer({ min: 0, max: 2 ** bits - 1 });
    const layer2 = fc.record(
      { ethSrc: number(48), ethDst: number(48), vlan: fc.integer({ min: 0, max: 4094 }) },
      { requiredKeys: ['ethSrc', 'ethDst'], noNullPrototype: true },
    );
    const ports = { udpSrc: number(16), udpDst: number(16) };
    const v4 = fc.record({ family: fc.constant('ipv4' as const), ipSrc: number(32), ipDst: number(32), ...ports });
    const v6 = fc.record({
      family: fc.constant('ipv6' as const),
      ip6Src: arbitraryWide,
      ip6Dst: arbitraryWide,
      ...ports,
    });
    fc.assert(
      fc.property(layer2, fc.oneof(v4, v6), (low, high) => {
        const headers = { ...low, ...high } as Parameters<typeof frameOf>[0];
        assert.deepEqual(readPacket(frameOf(headers, 'x')), headers);
      }),
    );
  });
});
