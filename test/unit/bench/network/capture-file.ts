/** Captures written by hand, as tcpdump would have. */

export const ETHERNET = 1;
export const COOKED2 = 276;

interface Shape {
  readonly linkType: number;
  readonly little?: boolean;
  readonly per?: 'microseconds' | 'nanoseconds';
}

export function captureOf(
  frames: readonly { readonly seconds: number; readonly ticks: number; readonly bytes: Uint8Array }[],
  { linkType, little = true, per = 'nanoseconds' }: Shape,
): Buffer {
  const words = (...values: readonly number[]): Buffer => {
    const bytes = Buffer.alloc(values.length * 4);
    values.forEach((value, at) => (little ? bytes.writeUInt32LE(value, at * 4) : bytes.writeUInt32BE(value, at * 4)));
    return bytes;
  };
  const magic = per === 'nanoseconds' ? 0xa1b23c4d : 0xa1b2c3d4;
  const version = little ? 0x0004_0002 : 0x0002_0004;
  return Buffer.concat([
    words(magic, version, 0, 0, 96, linkType),
    ...frames.flatMap(({ seconds, ticks, bytes }) => [words(seconds, ticks, bytes.length, bytes.length + 9), bytes]),
  ]);
}

interface Udp {
  readonly src: string;
  readonly srcPort: number;
  readonly dst: string;
  readonly dstPort: number;
  /** In hex. */
  readonly payload: string;
  readonly protocol?: number;
  readonly fragmentOffset?: number;
  readonly optionWords?: number;
}

export function udp4({ src, srcPort, dst, dstPort, payload, ...rest }: Udp): Buffer {
  const { protocol = 17, fragmentOffset = 0, optionWords = 0 } = rest;
  const data = Buffer.from(payload, 'hex');
  const ip = Buffer.alloc(20 + optionWords * 4);
  ip[0] = 0x45 + optionWords;
  ip.writeUInt16BE(0x4000 + fragmentOffset, 6);
  ip[9] = protocol;
  ip.set(src.split('.').map(Number), 12);
  ip.set(dst.split('.').map(Number), 16);
  const udp = Buffer.alloc(8);
  udp.writeUInt16BE(srcPort, 0);
  udp.writeUInt16BE(dstPort, 2);
  udp.writeUInt16BE(8 + data.length, 4);
  return Buffer.concat([ip, udp, data]);
}

export const ethernet = (packet: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from('02ed9e00000102ed9e0100000800', 'hex'), packet]);

export function cooked(packet: Uint8Array, device: { readonly index: number; readonly outgoing: boolean }): Buffer {
  const head = Buffer.alloc(20);
  head.writeUInt16BE(0x0800, 0);
  head.writeUInt32BE(device.index, 4);
  head[10] = device.outgoing ? 4 : 0;
  return Buffer.concat([head, packet]);
}
