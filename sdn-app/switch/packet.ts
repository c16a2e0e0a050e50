import type { PacketHeaders } from './flow-switch.js';

const VLAN_TAG = 0x8100;
const SERVICE_TAG = 0x88a8;
const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const UDP = 17;
/** Extension headers of IPv6 (RFC 8200 §4.1) that stand before UDP, by the unit of their length field in bytes. */
const EXTENSIONS: ReadonlyMap<number, { readonly unit: number; readonly add: number }> = new Map([
  [0, { unit: 8, add: 8 }], // hop-by-hop options
  [43, { unit: 8, add: 8 }], // routing
  [60, { unit: 8, add: 8 }], // destination options
  [51, { unit: 4, add: 8 }], // authentication (RFC 4302 §2.2)
]);
const FRAGMENT = 44;

interface Layer2 {
  readonly ethSrc: number;
  readonly ethDst: number;
  readonly vlan?: number;
}

/**
 * The headers of a frame (IEEE 802.3 with 802.1Q, RFC 791, RFC 8200, RFC 768) as far as they are there: bytes of any kind
 * give an answer, what is cut or neither UDP over IPv4 nor over IPv6 is `other`. The id is that of the outer tag.
 */
export function readPacket(bytes: Uint8Array): PacketHeaders {
  if (bytes.length < 14) return { family: 'other' };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const mac = (at: number): number => view.getUint16(at) * 2 ** 32 + view.getUint32(at + 2);
  let at = 12;
  let etherType = view.getUint16(at);
  let vlan: number | undefined;
  while ((etherType === VLAN_TAG || etherType === SERVICE_TAG) && at + 6 <= bytes.length) {
    vlan ??= view.getUint16(at + 2) & 0x0fff;
    at += 4;
    etherType = view.getUint16(at);
  }
  const layer2: Layer2 = { ethDst: mac(0), ethSrc: mac(6), ...(vlan === undefined ? {} : { vlan }) };
  const found = etherType === IPV4 ? readIpv4(view, at + 2) : etherType === IPV6 ? readIpv6(view, at + 2) : undefined;
  return { ...layer2, ...(found ?? { family: 'other' }) };
}

type Udp = { readonly udpSrc: number; readonly udpDst: number };

function readUdp(view: DataView, at: number): Udp | undefined {
  return at + 4 > view.byteLength ? undefined : { udpSrc: view.getUint16(at), udpDst: view.getUint16(at + 2) };
}

function readIpv4(view: DataView, at: number): PacketHeaders | undefined {
  if (at + 20 > view.byteLength || view.getUint8(at) >> 4 !== 4) return undefined;
  const length = (view.getUint8(at) & 0xf) * 4;
  const laterFragment = (view.getUint16(at + 6) & 0x1fff) !== 0;
  if (length < 20 || laterFragment || view.getUint8(at + 9) !== UDP) return undefined;
  const udp = readUdp(view, at + length);
  return udp && { family: 'ipv4', ipSrc: view.getUint32(at + 12), ipDst: view.getUint32(at + 16), ...udp };
}

function readIpv6(view: DataView, start: number): PacketHeaders | undefined {
  if (start + 40 > view.byteLength || view.getUint8(start) >> 4 !== 6) return undefined;
  let next = view.getUint8(start + 6);
  let at = start + 40;
  while (next !== UDP) {
    if (at + 8 > view.byteLength) return undefined;
    const extension = EXTENSIONS.get(next);
    if (extension !== undefined) {
      next = view.getUint8(at);
      at += view.getUint8(at + 1) * extension.unit + extension.add;
    } else if (next === FRAGMENT && view.getUint16(at + 2) >> 3 === 0) {
      next = view.getUint8(at);
      at += 8;
    } else return undefined;
  }
  const udp = readUdp(view, at);
  return udp && { family: 'ipv6', ip6Src: hex(view, start + 8), ip6Dst: hex(view, start + 24), ...udp };
}

const hex = (view: DataView, at: number): string =>
  [0, 4, 8, 12]
    .map(offset =>
      view
        .getUint32(at + offset)
        .toString(16)
        .padStart(8, '0'),
    )
    .join('');
