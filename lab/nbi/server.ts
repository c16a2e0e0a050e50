import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { randomUUID } from 'node:crypto';
import { stringify } from 'yaml';
import { systemClock, systemTimers, type Clock, type Timers } from '../../common/clock.js';
import { Refused, type Answer } from './answer.js';
import { Instances } from './instances.js';
import { Lcm, type Ending, type Vim } from './lcm.js';
import type { Verb } from './operations.js';
import { PROFILES, type NbiProfile } from './profile.js';
import { routeOf, type Parts } from './routes.js';
import { Subscriptions } from './subscriptions.js';
import { Tokens } from './tokens.js';
import { enableVims } from './vims.js';
import { NbiWorld } from './world.js';

export interface NbiOptions {
  readonly release: NbiProfile['name'];
  readonly clock?: Clock;
  readonly timers?: Timers;
  readonly password?: string;
  readonly port?: number;
  readonly tls?: { readonly key: string; readonly cert: string };
  readonly endingOf?: (verb: Verb, nsId: string) => Ending;
  readonly vim?: Vim;
}

/** What happens to one request: nobody answers, its answer is lost when it is done, another status, or all of it later. */
export type Trouble = 'away' | 'answer-lost' | { readonly status: number } | { readonly laterMs: number } | undefined;

/** A running stand-in of the northbound interface of Open Source MANO, for tests and trials without one. */
export interface Nbi extends AsyncDisposable {
  /** `http://127.0.0.1:PORT/osm`. */
  readonly url: string;
  readonly world: NbiWorld;
  readonly tokens: Tokens;
  readonly lcm: Lcm;
  readonly subscriptions: Subscriptions;
  /** Asked at each request. */
  trouble: (method: string, path: string) => Trouble;
  /** Requests that were in work at once, at most. */
  readonly mostAtOnce: number;
  /** VIM accounts become usable. */
  enableVims(): void;
}

export async function openNbi(options: NbiOptions): Promise<Nbi> {
  const clock = options.clock ?? systemClock;
  const timers = options.timers ?? systemTimers;
  const world = new NbiWorld(PROFILES[options.release], clock);
  const tokens = new Tokens(world.profile, world.project, clock, options.password ?? 'admin');
  const subscriptions = new Subscriptions(world);
  const lcm = new Lcm(world, {
    timers,
    ...(options.endingOf === undefined ? {} : { endingOf: options.endingOf }),
    ...(options.vim === undefined ? {} : { vim: options.vim }),
    onBegun: (operation, verb) => void subscriptions.tell(operation, verb, 'begun'),
    onFinal: (operation, verb) => {
      instances.ended(String(operation['nsInstanceId']), verb, operation['operationState'] === 'COMPLETED');
      void subscriptions.tell(operation, verb, 'final');
    },
  });
  const instances: Instances = new Instances(world, lcm);
  const door = new Door({ world, tokens, instances, subscriptions }, timers);
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => void door.open(request, response);
  const server: Server =
    options.tls === undefined ? createServer(onRequest) : createSecureServer({ ...options.tls }, onRequest);
  await new Promise<void>(resolve => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http${options.tls === undefined ? '' : 's'}://127.0.0.1:${port}/osm`,
    ...{ world, tokens, lcm, subscriptions },
    get trouble() {
      return door.trouble;
    },
    set trouble(trouble) {
      door.trouble = trouble;
    },
    get mostAtOnce() {
      return door.mostAtOnce;
    },
    enableVims: () => enableVims(world),
    async [Symbol.asyncDispose]() {
      lcm.close();
      await subscriptions[Symbol.asyncDispose]();
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

const JSON_TYPE = 'application/json; charset=utf-8';

/** The transport's own rules, quirks included. */
class Door {
  trouble: Nbi['trouble'] = () => undefined;
  mostAtOnce = 0;
  #atOnce = 0;
  readonly #parts: Parts;
  readonly #timers: Timers;
  /** Connections on which a chunked body was left unread: what comes next on them is garbage. */
  readonly #spoilt = new WeakSet<Socket>();
  readonly #sessions = new Map<string, string>();

  constructor(parts: Parts, timers: Timers) {
    this.#parts = parts;
    this.#timers = timers;
  }

  async open(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#atOnce);
    try {
      await this.#serve(request, response);
    } finally {
      this.#atOnce--;
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const bytes = await bodyOf(request);
    const url = new URL(request.url ?? '/', 'http://nbi');
    const trouble = this.trouble(request.method ?? 'GET', url.pathname);
    if (trouble === 'away') {
      request.socket.destroy();
      return;
    }
    if (typeof trouble === 'object' && 'laterMs' in trouble)
      await new Promise<void>(resolve => void this.#timers.after(trouble.laterMs, resolve));
    if (this.#spoilt.has(request.socket)) {
      response.writeHead(400, { connection: 'close' }).end('Malformed Request-Line');
      return;
    }
    const chunked = request.headers['transfer-encoding'] !== undefined;
    if (chunked) this.#spoilt.add(request.socket);
    const answer =
      typeof trouble === 'object' && 'status' in trouble
        ? new Refused(trouble.status, 'trouble').answer()
        : await this.#answer(request, url, chunked ? Buffer.alloc(0) : bytes);
    if (trouble === 'answer-lost') request.socket.destroy();
    else this.#send(request, response, answer);
  }

  async #answer(request: IncomingMessage, url: URL, bytes: Buffer): Promise<Answer> {
    try {
      const path = url.pathname.replace(/^\/osm\/?/, '');
      const method = url.searchParams.get('METHOD') ?? request.method ?? 'GET';
      const login = path === 'admin/v1/tokens' && method === 'POST';
      if (!login && path !== 'version') this.#parts.tokens.check(this.#authorization(request));
      const { run, id } = routeOf(this.#parts.world.profile, method, path);
      const md5 = request.headers['content-file-md5'];
      const body = parsed(request, bytes);
      const asked = { method, query: url.searchParams, body, ...(typeof md5 === 'string' ? { md5 } : {}) };
      return await run(this.#parts, asked, id);
    } catch (error) {
      if (error instanceof Refused) return error.answer();
      // What it did not expect is the asker's fault, too.
      return new Refused(400, String(error)).answer();
    }
  }

  /** A session cookie stands for the token that was last used with it. */
  #authorization(request: IncomingMessage): string | undefined {
    const session = sessionOf(request);
    const given = request.headers.authorization;
    if (session === undefined) return given;
    if (given !== undefined) this.#sessions.set(session, given);
    return given ?? this.#sessions.get(session);
  }

  #send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
    const headers: Record<string, string> = {
      'set-cookie': `session_id=${sessionOf(request) ?? randomUUID()}; Path=/`,
    };
    if (answer.location !== undefined) headers['location'] = answer.location;
    if (answer.status === 401)
      headers['www-authenticate'] = 'Bearer realm="Needed a token or Authorization http header"';
    const [type, text] = this.#encoded(request, answer);
    response.writeHead(answer.status, { ...headers, 'content-type': type }).end(text);
  }

  #encoded({ method, headers: { accept } }: IncomingMessage, { status, body }: Answer): [string, string] {
    if (status === 204)
      return [
        method === 'DELETE' && this.#parts.world.profile.name === 'R19' ? JSON_TYPE : 'text/html;charset=utf-8',
        '',
      ];
    const yaml = accept?.includes('text/plain') === true && this.#parts.world.profile.textPlainIsYaml;
    if (accept?.includes('application/json') === true && !yaml)
      return [JSON_TYPE, `${JSON.stringify(body, undefined, 4)}\n`];
    if (accept?.includes('text/html') === true) return ['text/html;charset=utf-8', escaped(JSON.stringify(body))];
    const empty = Array.isArray(body) && body.length === 0;
    return ['application/yaml', empty ? '--- []\n' : `---\n${stringify(body)}`];
  }
}

function sessionOf(request: IncomingMessage): string | undefined {
  return /(?:^|;\s*)session_id=([^;]+)/.exec(request.headers.cookie ?? '')?.[1];
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const BINARY = /^(application\/(gzip|zip|binary)|text\/plain)/;

function parsed(request: IncomingMessage, bytes: Buffer): unknown {
  if (BINARY.test(request.headers['content-type'] ?? '')) return bytes;
  if (bytes.length === 0) return undefined;
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new Refused(400, `Invalid json format ${String(error)}`);
  }
}

function escaped(text: string): string {
  return text.replace(/[<>&"']/g, sign => `&#${sign.charCodeAt(0)};`);
}
