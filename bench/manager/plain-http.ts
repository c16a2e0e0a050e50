import { createServer, type Socket } from 'node:net';

/** A request with the whole of its body; the names of headers are small letters. */
export interface PlainRequest {
  readonly path: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  /** Nothing but what is written from here on: the answer has no end. */
  readonly stream: () => Socket;
}

/** JSON, or text of lines of it, or `undefined` for an empty answer, or `stream` where `PlainRequest.stream` was taken. */
export type PlainAnswer = object | string | undefined;

const HEAD_END = Buffer.from('\r\n\r\n');
const STREAM = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n';
const NOTHING = 'HTTP/1.1 204 No Content\r\n\r\n';

/**
 * As little of HTTP/1.1 as undici speaks to a service on this machine (kept-alive connections, bodies with a length), so that what
 * answers a program that is measured takes a small part of the time that the program takes. For benchmarks alone.
 */
export async function openPlainHttp(
  answer: (request: PlainRequest) => PlainAnswer,
): Promise<{ readonly url: string; readonly close: () => void }> {
  const open = new Set<Socket>();
  const server = createServer({ noDelay: true }, socket => {
    open.add(socket);
    let held: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      for (let read = readOne(held, socket); read !== undefined; read = readOne(held, socket)) {
        held = held.subarray(read.bytes);
        const found = answer(read.request);
        if (found !== 'stream') socket.write(textOf(found));
      }
    });
    // Whoever was measured has ended: there is nobody to answer.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => open.delete(socket));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const at = server.address();
  const port = typeof at === 'object' ? (at?.port ?? 0) : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

function readOne(held: Buffer, socket: Socket): { readonly request: PlainRequest; readonly bytes: number } | undefined {
  const headEnd = held.indexOf(HEAD_END);
  if (headEnd < 0) return undefined;
  const [first = '', ...lines] = held.toString('latin1', 0, headEnd).split('\r\n');
  const headers = new Map(
    lines.map(line => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    }),
  );
  const from = headEnd + HEAD_END.length;
  const bytes = from + Number(headers.get('content-length') ?? 0);
  if (held.length < bytes) return undefined;
  const stream = (): Socket => {
    socket.write(STREAM);
    return socket;
  };
  return {
    request: { path: first.split(' ')[1] ?? '/', headers, body: held.toString('utf8', from, bytes), stream },
    bytes,
  };
}

function textOf(found: object | string | undefined): string {
  if (found === undefined) return NOTHING;
  const body = typeof found === 'string' ? found : JSON.stringify(found);
  return `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}
