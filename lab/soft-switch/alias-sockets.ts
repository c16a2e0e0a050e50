import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { numberToIpv4 } from '../../protocol/addresses.js';

export interface AliasSocketsOptions {
  /** Sockets at most; the one that was silent for longest makes room. */
  readonly max: number;
  /**
   * Other switches on this machine may speak from the same alias and tag: a socket is bound beside theirs, and connected to
   * one host, so that it hears that host alone.
   */
  readonly shared?: boolean;
  /** A datagram that a host sent to (alias, tag). */
  readonly onDatagram: (end: End, payload: Uint8Array, from: RemoteInfo) => void;
  readonly onError: (end: End, error: Error) => void;
}

/** An alias, as an unsigned integer, and a tag. */
export interface End {
  readonly ip: number;
  readonly port: number;
}

/**
 * The host side of the switch: a socket per (alias, tag), bound when the first datagram leaves from it, so that a host sees
 * the alias as its peer and answers there.
 */
export class AliasSockets implements AsyncDisposable {
  readonly #options: AliasSocketsOptions;
  /** In the order of their last use. */
  readonly #sockets = new Map<string, Socket>();

  constructor(options: AliasSocketsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#sockets.size;
  }

  send(from: End, to: End, payload: Uint8Array): void {
    const { shared = false } = this.#options;
    const key = `${from.ip}:${from.port}${shared ? `:${to.ip}:${to.port}` : ''}`;
    const socket = this.#sockets.get(key) ?? this.#open(from, shared ? to : undefined, key);
    this.#sockets.delete(key);
    this.#sockets.set(key, socket);
    const sent = (error: Error | null): void => {
      if (error !== null) this.#options.onError(from, error);
    };
    if (shared) socket.send(payload, sent);
    else socket.send(payload, to.port, numberToIpv4(to.ip), sent);
    while (this.#sockets.size > this.#options.max) this.#closeOldest();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const sockets = [...this.#sockets.values()];
    this.#sockets.clear();
    await Promise.all(sockets.map(socket => new Promise<void>(resolve => socket.close(() => resolve()))));
  }

  #open(end: End, peer: End | undefined, key: string): Socket {
    // addresses are numeric, so nothing is looked up: bind, connect and send take effect at once
    const socket = createSocket({
      type: 'udp4',
      reuseAddr: peer !== undefined,
      lookup: (host, _options, done) => done(null, host, 4),
    });
    socket.on('message', (payload, from) => {
      this.#touch(key, socket);
      this.#options.onDatagram(end, payload, from);
    });
    socket.on('error', error => {
      this.#options.onError(end, error);
      if (this.#sockets.get(key) !== socket) return;
      this.#sockets.delete(key);
      socket.close();
    });
    socket.bind({ address: numberToIpv4(end.ip), port: end.port, exclusive: true });
    if (peer !== undefined) socket.connect(peer.port, numberToIpv4(peer.ip));
    return socket;
  }

  #touch(key: string, socket: Socket): void {
    if (!this.#sockets.delete(key)) return;
    this.#sockets.set(key, socket);
  }

  #closeOldest(): void {
    const [key, socket] = this.#sockets.entries().next().value ?? [];
    if (key === undefined || socket === undefined) return;
    this.#sockets.delete(key);
    socket.close();
  }
}
