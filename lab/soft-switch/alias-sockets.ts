import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { numberToIpv4 } from '../../protocol/addresses.js';

export interface AliasSocketsOptions {
  /** Sockets at most; the one that was silent for longest makes room. */
  readonly max: number;
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
    const key = `${from.ip}:${from.port}`;
    const socket = this.#sockets.get(key) ?? this.#open(from, key);
    this.#sockets.delete(key);
    this.#sockets.set(key, socket);
    socket.send(payload, to.port, numberToIpv4(to.ip), error => {
      if (error !== null) this.#options.onError(from, error);
    });
    while (this.#sockets.size > this.#options.max) this.#closeOldest();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const sockets = [...this.#sockets.values()];
    this.#sockets.clear();
    await Promise.all(sockets.map(socket => new Promise<void>(resolve => socket.close(() => resolve()))));
  }

  #open(end: End, key: string): Socket {
    // addresses are numeric, so nothing is looked up: bind and send take effect at once
    const socket = createSocket({
      type: 'udp4',
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
