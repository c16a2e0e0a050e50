import type { PacketHeaders } from '../../sdn-app/switch/flow-switch.js';

/** The Internet checksum of RFC 1071 over bytes of even length. */
function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i] ?? 0) * 256 + (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return 0xffff - sum;
}

const u16 = (value: number): number[] => [value >> 8, value & 0xff];
const big = (value: number, bytes: number): number[] => [
  ...Buffer.from(value.toString(16).padStart(bytes * 2, '0'), 'hex'),
];
const hex = (text: string): number[] => [...Buffer.from(text, 'hex')];
const even = (bytes: number[]): Uint8Array => Uint8Array.from(bytes.length % 2 === 0 ? bytes : [...bytes, 0]);

/** An Ethernet frame with these headers and a UDP payload, checksums right; with `other` an ARP request of nobody. */
export function frameOf(headers: PacketHeaders, payload: string): Uint8Array {
  const { ethDst = 0x02ed9e000001, ethSrc = 0x020000000001, vlan } = headers;
  const tag = vlan === undefined ? [] : [0x81, 0x00, ...u16(vlan)];
  const layer2 = [...big(ethDst, 6), ...big(ethSrc, 6), ...tag];
  if (headers.family === 'other')
    return Uint8Array.from([...layer2, 0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1, ...Array<number>(20).fill(0)]);
  const v6 = headers.family === 'ipv6';
  const addresses = v6
    ? [...hex(headers.ip6Src), ...hex(headers.ip6Dst)]
    : [...big(headers.ipSrc, 4), ...big(headers.ipDst, 4)];
  const data = [...Buffer.from(payload)];
  const length = 8 + data.length;
  const udpWith = (sum: number): number[] => [
    ...u16(headers.udpSrc),
    ...u16(headers.udpDst),
    ...u16(length),
    ...u16(sum),
    ...data,
  ];
  // RFC 768, RFC 8200 §8.1: over a pseudo header; 0 is sent as all ones
  const sum = checksum(even([...addresses, 0, 17, ...u16(length), ...udpWith(0)]));
  const udp = udpWith(sum === 0 ? 0xffff : sum);
  if (v6) return Uint8Array.from([...layer2, 0x86, 0xdd, 0x60, 0, 0, 0, ...u16(length), 17, 64, ...addresses, ...udp]);
  const ipWith = (check: number): number[] => [
    0x45,
    0,
    ...u16(20 + length),
    0,
    0,
    0x40,
    0,
    64,
    17,
    ...u16(check),
    ...addresses,
  ];
  return Uint8Array.from([...layer2, 0x08, 0x00, ...ipWith(checksum(even(ipWith(0)))), ...udp]);
}
