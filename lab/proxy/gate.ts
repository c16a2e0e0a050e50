import {
  Agent,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

/** Which request a hold is for: the first one that fits. */
export interface Matcher {
  /** Absent: any. */
  readonly method?: string;
  /** Against the path with its query, without origin. */
  readonly path: RegExp;
}

export interface Arrival {
  readonly method: string;
  readonly path: string;
  /** Status of the reply that is held. */
  readonly status: number;
}

/** One armed matcher. After `release` or `drop` it has no effect any more, whether its request came or not. */
export interface Hold {
  /** The upstream has answered a request that fits, so its effect has happened, and the reply is held. */
  readonly arrived: Promise<Arrival>;
  /** Lets the reply go to whoever asked, if it is still there. */
  release(): void;
  /** Breaks the connection in place of the reply. */
  drop(): void;
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
}

export interface GateOptions {
  /** Where to listen; a free port of loopback where absent. */
  readonly listen?: { readonly address: string; readonly port: number };
  /**
   * Base URL of the service behind, or a function that picks one for each request. Where it is absent or picks none, the
   * request itself must say where it goes: by the header `x-edgetwin-upstream` (a base URL, as md-manager names vMD hosts
   * by `hosts.via`), with an absolute target (`GET http://host:port/path`, as to any HTTP proxy), or with one for a path
   * (`GET /http://host:port/path`).
   */
  readonly upstream?: string | ((asked: Asked) => string | undefined);
}

export interface Gate extends AsyncDisposable {
  readonly url: string;
  hold(matcher: Matcher): Hold;
  /** Breaks what is under way to services of such origins, and every later request, until another predicate is set. */
  cut(away: (origin: string) => boolean): void;
}

type Fate = 'release' | 'drop';

interface Armed {
  readonly matcher: Matcher;
  arrive(arrival: Arrival): void;
  readonly fate: Promise<Fate>;
}

const UPSTREAM_HEADER = 'x-edgetwin-upstream';
const NAMED_TARGET = /^\/?(https?:\/\/[^/]+)(\/.*)?$/;

/** An HTTP proxy that can hold the reply of one request while a test kills somebody, and then lets it go. */
export async function openGate(options: GateOptions = {}): Promise<Gate> {
  const { address, port } = options.listen ?? { address: '127.0.0.1', port: 0 };
  const armed = new Set<Armed>();
  let away: (origin: string) => boolean = () => false;
  const underWay = new Map<ServerResponse, string>();
  // One connection per request: an upstream that was killed leaves no stale one behind.
  const agent = new Agent({ keepAlive: false });
  const server = createServer((request, response) => forward(request, response));
  server.listen(port, address);
  await once(server, 'listening');
  const bound = server.address() as AddressInfo;

  function forward(request: IncomingMessage, response: ServerResponse): void {
    const target = targetOf(options.upstream, request);
    // Without an upstream, or with one that is away, the connection breaks, as it would without a gate.
    if (target === undefined || away(target.origin)) return void request.socket.destroy();
    underWay.set(response, target.origin);
    const { method = 'GET', headers } = request;
    const found = [...armed].find(({ matcher }) => fits(matcher, method, target.path));
    if (found !== undefined) armed.delete(found);
    const url = new URL(target.path, target.origin);
    const up = httpRequest(url, { method, agent, headers: { ...headers, host: url.host, connection: 'close' } });
    const breakOff = (): void => void response.destroy();
    let replied = false;
    up.on('error', () => {
      // No reply, so no effect that is known of: the hold waits for the next request that fits.
      if (found !== undefined && !replied) armed.add(found);
      breakOff();
    });
    up.on('response', reply => {
      replied = true;
      reply.on('error', breakOff);
      if (found === undefined) pass(reply, response);
      else void holdReply(found, reply, response, { method, path: target.path, status: reply.statusCode ?? 0 });
    });
    response.on('error', () => up.destroy());
    // A held reply outlives whoever asked; any other request ends with it.
    response.on('close', () => {
      underWay.delete(response);
      if (found === undefined) up.destroy();
    });
    request.pipe(up);
  }

  return {
    url: `http://${address}:${bound.port}`,
    hold(matcher) {
      let arrive: (arrival: Arrival) => void = () => undefined;
      let decide: (fate: Fate) => void = () => undefined;
      const arrived = new Promise<Arrival>(resolve => (arrive = resolve));
      const fate = new Promise<Fate>(resolve => (decide = resolve));
      const entry: Armed = { matcher, arrive, fate };
      armed.add(entry);
      const end = (how: Fate): void => {
        armed.delete(entry);
        decide(how);
      };
      return { arrived, release: () => end('release'), drop: () => end('drop') };
    },
    cut(when) {
      away = when;
      for (const [response, origin] of underWay) if (away(origin)) response.destroy();
    },
    [Symbol.asyncDispose]: () => {
      armed.clear();
      agent.destroy();
      server.closeAllConnections();
      return new Promise(resolve => server.close(() => resolve()));
    },
  };
}

const fits = (matcher: Matcher, method: string, path: string): boolean =>
  (matcher.method === undefined || matcher.method === method) && path.search(matcher.path) >= 0;

function told(headers: IncomingMessage['headers']): string | undefined {
  const value = headers[UPSTREAM_HEADER];
  return typeof value === 'string' ? value : undefined;
}

function targetOf(
  upstream: GateOptions['upstream'],
  request: IncomingMessage,
): { origin: string; path: string } | undefined {
  const { url = '/', method = 'GET', headers } = request;
  const named = NAMED_TARGET.exec(url);
  const path = named === null ? url : (named[2] ?? '/');
  const origin =
    (typeof upstream === 'function' ? upstream({ method, path, headers }) : upstream) ?? told(headers) ?? named?.[1];
  return origin === undefined || !URL.canParse(path, origin) ? undefined : { origin, path };
}

function pass(reply: IncomingMessage, response: ServerResponse): void {
  response.writeHead(reply.statusCode ?? 502, headersOf(reply));
  // Server-sent events: the reader learns that the stream is open before the first event.
  response.flushHeaders();
  reply.pipe(response);
}

/** Takes the whole reply first: it is on its way, whatever becomes of whoever sent it. */
async function holdReply(
  armed: Armed,
  reply: IncomingMessage,
  response: ServerResponse,
  arrival: Arrival,
): Promise<void> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of reply as AsyncIterable<Uint8Array>) chunks.push(chunk);
  } catch {
    // Whoever replied died in the middle of it: half a reply is none.
    response.destroy();
    return;
  }
  armed.arrive(arrival);
  if ((await armed.fate) === 'drop') return void response.destroy();
  response.writeHead(arrival.status, headersOf(reply));
  response.end(Buffer.concat(chunks));
}

/** Headers of one connection do not go over to the other (RFC 9110 §7.6.1). */
function headersOf(reply: IncomingMessage): OutgoingHttpHeaders {
  const { connection: _connection, 'keep-alive': _keepAlive, 'transfer-encoding': _encoding, ...rest } = reply.headers;
  return rest;
}
