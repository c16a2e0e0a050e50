import type { Headers, Packet } from '../../lab/soft-switch/packet.js';
import { ipv4ToNumber, numberToIpv4 } from '../../protocol/addresses.js';
import type { PacketHeaders } from '../../sdn-app/switch/flow-switch.js';
import { ipv6Text, parseIpv6 } from '../../sdn-app/switch/ryu/address-text.js';
import type { TestPacket } from '../integration/sdn-app/flow-switch-contract.js';

/** Of frames that a test sends, where it names none. */
export const TEST_MAC = { ethSrc: 0x020000000001, ethDst: 0x02ed9e000001 } as const;

const wide = (text: string): string => parseIpv6(text) ?? '';
/** The shortest text, as RFC 5952 has it and URLs write it. */
const shortest = (hex: string): string => new URL(`http://[${ipv6Text(hex)}]/`).hostname.slice(1, -1);

/** The headers of a test's packet. */
export function headersOfTest({ src, srcPort, dst, dstPort, vlan }: TestPacket): PacketHeaders {
  const shared = { ...TEST_MAC, ...(vlan === undefined ? {} : { vlan }), udpSrc: srcPort, udpDst: dstPort };
  return src.includes(':')
    ? { ...shared, family: 'ipv6', ip6Src: wide(src), ip6Dst: wide(dst) }
    : { ...shared, family: 'ipv4', ipSrc: ipv4ToNumber(src), ipDst: ipv4ToNumber(dst) };
}

/** The same as it enters the model of a switch. */
export function modelPacket(inPort: number, packet: TestPacket): Packet {
  const { family, ...headers } = headersOfTest(packet);
  return { inPort, ipProto: 17, etherType: family === 'ipv6' ? 'ipv6' : 'ipv4', ...headers };
}

/** What comes out, as a test compares it; `undefined` where it is no UDP. */
export function testPacketOf(headers: PacketHeaders): TestPacket | undefined {
  if (headers.family === 'other') return undefined;
  const ends =
    headers.family === 'ipv6'
      ? { src: shortest(headers.ip6Src), dst: shortest(headers.ip6Dst) }
      : { src: numberToIpv4(headers.ipSrc), dst: numberToIpv4(headers.ipDst) };
  return {
    ...ends,
    srcPort: headers.udpSrc,
    dstPort: headers.udpDst,
    ...(headers.vlan === undefined ? {} : { vlan: headers.vlan }),
  };
}

/** What comes out of the model of a switch, as a frame shows it. */
export function shownBy(headers: Readonly<Headers>): PacketHeaders {
  const { ethSrc, ethDst, vlan, etherType, ipProto, ipSrc, ipDst, ip6Src, ip6Dst, udpSrc, udpDst } = headers;
  const layer2 = { ethSrc, ethDst, ...(vlan === 0 ? {} : { vlan }) };
  if (ipProto !== 17 || (etherType !== 'ipv4' && etherType !== 'ipv6')) return { ...layer2, family: 'other' };
  return etherType === 'ipv4'
    ? { ...layer2, family: 'ipv4', ipSrc, ipDst, udpSrc, udpDst }
    : { ...layer2, family: 'ipv6', ip6Src, ip6Dst, udpSrc, udpDst };
}
