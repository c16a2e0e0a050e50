import { ipv4ToNumber, numberToIpv4 } from '../../protocol/addresses.js';

/**
 * What travels between a mobile router and the soft switch: one IPv4/UDP datagram with the switch port it enters or
 * leaves by, as one UDP payload. Layout: port (2), source address (4), source port (2), destination address (4),
 * destination port (2), payload; all big-endian.
 */
export interface Frame {
  readonly port: number;
  readonly srcIp: string;
  readonly srcPort: number;
  readonly dstIp: string;
  readonly dstPort: number;
  readonly payload: Uint8Array;
}

const HEADER_BYTES = 14;

export function encodeFrame(frame: Frame): Uint8Array {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + frame.payload.length);
  bytes.writeUInt16BE(frame.port, 0);
  bytes.writeUInt32BE(ipv4ToNumber(frame.srcIp), 2);
  bytes.writeUInt16BE(frame.srcPort, 6);
  bytes.writeUInt32BE(ipv4ToNumber(frame.dstIp), 8);
  bytes.writeUInt16BE(frame.dstPort, 12);
  bytes.set(frame.payload, HEADER_BYTES);
  return bytes;
}

/** The frame in `bytes`, or `undefined` where they are too short to hold one. */
export function decodeFrame(bytes: Uint8Array): Frame | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    port: view.readUInt16BE(0),
    srcIp: numberToIpv4(view.readUInt32BE(2)),
    srcPort: view.readUInt16BE(6),
    dstIp: numberToIpv4(view.readUInt32BE(8)),
    dstPort: view.readUInt16BE(12),
    payload: bytes.subarray(HEADER_BYTES),
  };
}
