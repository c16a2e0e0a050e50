/** Captures of tcpdump (`-w`), and the UDP datagrams in them. Pure. */

/** A frame as captured, cut to the snap length. */
export interface Frame {
  /** Unix milliseconds; a double holds them to a quarter of a microsecond. */
  readonly atMs: number;
  readonly linkType: number;
  readonly bytes: Uint8Array;
}

export interface Datagram {
  readonly atMs: number;
  readonly src: string;
  readonly srcPort: number;
  readonly dst: string;
  readonly dstPort: number;
  readonly payload: Uint8Array;
  /** Of captures on all devices of a namespace (`-i any`): the device's index, and whether the frame left by it. */
  readonly device?: { readonly index: number; readonly outgoing: boolean };
}

const MAGIC: Readonly<Record<number, number>> = { 0xa1b2c3d4: 1_000, 0xa1b23c4d: 1_000_000 };
const FILE_HEADER = 24;
const FRAME_HEADER = 16;
const ETHERNET = 1;
/** "Linux cooked" version 2: what `-i any` gives with `-y LINUX_SLL2`. */
const COOKED2 = 276;
const IPV4 = 0x0800;
const UDP = 17;
const OUTGOING = 4;

/**
 * Frames of a file, in its order (draft-ietf-opsawg-pcap): either byte order, micro- or nanoseconds. A frame that the file
 * ends in is left out: its writer was stopped there. Throws a RangeError for a file that is no capture.
 */
export function* framesOf(file: Uint8Array): Generator<Frame> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < FILE_HEADER) throw new RangeError(`no capture: ${file.length} bytes`);
  const little = view.getUint32(0, true) in MAGIC;
  const perMs = MAGIC[view.getUint32(0, little)];
  if (perMs === undefined) throw new RangeError(`no capture: it begins with ${view.getUint32(0).toString(16)}`);
  // The upper bits tell of a checksum at the end of frames, which tcpdump never asks for.
  const linkType = view.getUint32(20, little) % 0x1000;
  for (let at = FILE_HEADER; at + FRAME_HEADER <= file.length;) {
    const length = view.getUint32(at + 8, little);
    const begin = at + FRAME_HEADER;
    if (begin + length > file.length) return;
    const atMs = view.getUint32(at, little) * 1_000 + view.getUint32(at + 4, little) / perMs;
    yield { atMs, linkType, bytes: file.subarray(begin, begin + length) };
    at = begin + length;
  }
}

/** The UDP datagram over IPv4 in a frame; `undefined` where there is none, or only a later fragment of one. */
export function datagramOf({ atMs, linkType, bytes }: Frame): Datagram | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const link = LINKS[linkType];
  if (link === undefined || bytes.length < link.header || view.getUint16(link.typeAt) !== IPV4) return undefined;
  const ip = link.header;
  if (bytes.length < ip + 20) return undefined;
  const udp = ip + (view.getUint8(ip) % 16) * 4;
  const laterFragment = view.getUint16(ip + 6) % 0x2000 !== 0;
  if (view.getUint8(ip + 9) !== UDP || laterFragment || bytes.length < udp + 8) return undefined;
  const address = (from: number): string => bytes.subarray(from, from + 4).join('.');
  return {
    atMs,
    src: address(ip + 12),
    srcPort: view.getUint16(udp),
    dst: address(ip + 16),
    dstPort: view.getUint16(udp + 2),
    payload: bytes.subarray(udp + 8, udp + view.getUint16(udp + 4)),
    ...(link.device === undefined ? {} : { device: link.device(view) }),
  };
}

interface Link {
  readonly header: number;
  readonly typeAt: number;
  device?(view: DataView): { readonly index: number; readonly outgoing: boolean };
}

const LINKS: Readonly<Record<number, Link>> = {
  [ETHERNET]: { header: 14, typeAt: 12 },
  [COOKED2]: {
    header: 20,
    typeAt: 0,
    device: view => ({ index: view.getUint32(4), outgoing: view.getUint8(10) === OUTGOING }),
  },
};
