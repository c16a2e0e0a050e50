import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

/** RFC 6455 §1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const TEXT = 1;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

export interface WebSocketPeer {
  send(text: string): void;
  /** Without the closing handshake. */
  cut(): void;
}

export interface WebSocketServer extends AsyncDisposable {
  readonly port: number;
}

/** A WebSocket server (RFC 6455) for whole text messages; `onMessage` and `onClose` are told of each peer. */
export async function openWebSocketServer(
  listen: { readonly address: string; readonly port?: number } | { readonly path: string },
  on: {
    readonly open: (peer: WebSocketPeer, path: string) => void;
    readonly message: (peer: WebSocketPeer, text: string) => void;
    readonly close: (peer: WebSocketPeer) => void;
  },
): Promise<WebSocketServer> {
  const sockets = new Set<Duplex>();
  const server = createServer((_request, response) => response.writeHead(404).end());
  server.on('upgrade', (request, socket: Duplex) => {
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key'] ?? ''}${GUID}`)
      .digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    sockets.add(socket);
    const peer: WebSocketPeer = {
      send: text => void (socket.destroyed || socket.write(frame(TEXT, Buffer.from(text)))),
      cut: () => socket.destroy(),
    };
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      sockets.delete(socket);
      on.close(peer);
    });
    on.open(peer, request.url ?? '');
    let rest: Buffer = Buffer.alloc(0);
    socket.on('data', (bytes: Buffer) => {
      rest = Buffer.concat([rest, bytes]);
      for (let found = unframe(rest); found !== undefined; found = unframe(rest)) {
        rest = found.rest;
        if (found.opcode === TEXT) on.message(peer, found.payload.toString());
        else if (found.opcode === PING) socket.write(frame(PONG, found.payload));
        else if (found.opcode === CLOSE) socket.end(frame(CLOSE, found.payload));
      }
    });
  });
  if ('path' in listen) server.listen(listen.path);
  else server.listen(listen.port ?? 0, listen.address);
  await once(server, 'listening');
  return {
    port: 'path' in listen ? 0 : (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

/** RFC 6455 §5.2, unmasked as servers send. */
function frame(opcode: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(payload.length < 126 ? 2 : payload.length < 65_536 ? 4 : 10);
  head[0] = 0x80 | opcode;
  if (payload.length < 126) head[1] = payload.length;
  else if (payload.length < 65_536) {
    head[1] = 126;
    head.writeUInt16BE(payload.length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(payload.length), 2);
  }
  return Buffer.concat([head, payload]);
}

/** The first whole frame of a client, unmasked, and what follows it. */
function unframe(bytes: Buffer): { opcode: number; payload: Buffer; rest: Buffer } | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes[1]! & 0x7f;
  const extra = short === 126 ? 2 : short === 127 ? 8 : 0;
  const start = 2 + extra + 4;
  if (bytes.length < start) return undefined;
  const length = extra === 0 ? short : extra === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (bytes.length < start + length) return undefined;
  const mask = bytes.subarray(start - 4, start);
  const payload = Buffer.from(bytes.subarray(start, start + length).map((byte, i) => byte ^ mask[i % 4]!));
  return { opcode: bytes[0]! & 0x0f, payload, rest: bytes.subarray(start + length) };
}
