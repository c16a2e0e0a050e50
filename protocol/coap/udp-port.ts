import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { codeOf } from '../../common/errors.js';
import { isIpv6 } from '../ipv6.js';
import type { DatagramPort, Peer } from './types.js';

export interface UdpPortOptions {
  /** An IP address; peers are addresses of the same family. */
  readonly address: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Asked of the kernel, which may grant less (net.core.rmem_max, wmem_max). */
  readonly bufferBytes?: number;
  /** A datagram could not be sent, or the socket reported an error: the operating system's code. */
  readonly onError?: (code: string) => void;
}

/** Bursts of a thousand cars must wait in the kernel while the event loop is busy. */
const BUFFER_BYTES = 8 * 1_024 * 1_024;

/** A bound UDP socket. Rejects with the operating system's error (EADDRINUSE, EADDRNOTAVAIL) where it cannot be bound. */
export async function openUdpPort(options: UdpPortOptions): Promise<DatagramPort> {
  const onError = options.onError ?? ((): void => undefined);
  const type = isIpv6(options.address) ? 'udp6' : 'udp4';
  const socket = createSocket({
    type,
    // `::` is every address of IPv6 alone: whoever wants both families opens both (both-families.ts).
    ...(type === 'udp6' ? { ipv6Only: true } : {}),
    // Peers are addresses, never names: no look-up, so a datagram leaves within the call of `send`.
    lookup: (address, _options, callback) => callback(null, address, type === 'udp6' ? 6 : 4),
  });
  const bound = once(socket, 'listening');
  socket.bind({ address: options.address, port: options.port, exclusive: true });
  try {
    await bound;
  } catch (error) {
    socket.close();
    throw error;
  }
  socket.on('error', error => onError(codeOf(error)));
  enlarge(socket, options.bufferBytes ?? BUFFER_BYTES, onError);
  const { address, port } = socket.address();
  let closed = false;
  return {
    local: { address, port },
    send(bytes, peer) {
      if (closed) return;
      // The socket itself would not say a word about it.
      if (isIpv6(peer.address) !== (type === 'udp6')) return onError('EAFNOSUPPORT');
      try {
        socket.send(bytes, peer.port, peer.address);
      } catch (error) {
        onError(codeOf(error));
      }
    },
    onDatagram(listener) {
      socket.on('message', (bytes: Buffer, peer: Peer) => listener(bytes, peer));
    },
    [Symbol.asyncDispose]() {
      if (closed) return Promise.resolve();
      closed = true;
      return new Promise(resolve => socket.close(() => resolve()));
    },
  };
}

function enlarge(socket: Socket, bufferBytes: number, onError: (code: string) => void): void {
  try {
    socket.setRecvBufferSize(bufferBytes);
    socket.setSendBufferSize(bufferBytes);
  } catch (error) {
    onError(codeOf(error));
  }
}
