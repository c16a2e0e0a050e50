import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemTimers, type Timers } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';

/** What a resource answers. */
export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly location?: string;
}

export interface Asked {
  readonly method: string;
  /** Below the base of the interface. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

/** Thrown by resources: leaves as problem details (RFC 9457). */
export class Refused extends Error {
  readonly status: number;
  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}

export const notThere = ({ method, path }: Asked): Refused => new Refused(404, `${method} ${path} is no resource`);

/** What happens to one request: nobody answers, its answer is lost when it is done, another status, another place, or all of it later. */
export type Trouble =
  | 'away'
  | 'answer-lost'
  | { readonly status: number }
  | { readonly movedTo: string }
  | { readonly laterMs: number }
  | undefined;

export interface DoorOptions {
  /** Its path: `/location/v2`. */
  readonly base: string;
  readonly port?: number;
  /** Whoever shows another token is answered 401. */
  readonly token?: string;
  readonly timers?: Timers;
}

const MOST_BYTES = 1_048_576;
const MOST_REMEMBERED = 1_000;

/** The HTTP side of a far end: JSON in and out, its token, its faults, and what it was asked. */
export class Door implements AsyncDisposable {
  trouble: (method: string, path: string) => Trouble = () => undefined;
  token: string | undefined;
  /** The last requests, `POST /subscriptions 201`. */
  readonly asked: string[] = [];
  readonly #options: DoorOptions;
  readonly #serve: (asked: Asked) => Reply;
  readonly #server = createServer((request, response) => void this.#open(request, response));

  private constructor(options: DoorOptions, serve: (asked: Asked) => Reply) {
    this.#options = options;
    this.#serve = serve;
    this.token = options.token;
  }

  static async open(options: DoorOptions, serve: (asked: Asked) => Reply): Promise<Door> {
    const door = new Door(options, serve);
    await new Promise<void>((resolve, reject) => {
      door.#server.once('error', reject);
      door.#server.listen(options.port ?? 0, '127.0.0.1', resolve);
    });
    return door;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get url(): string {
    return this.origin + this.#options.base;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
  }

  async #open(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = request;
    const { pathname, searchParams: query } = new URL(url, 'http://far-end');
    const trouble = this.trouble(method, pathname);
    const bytes = await bodyOf(request).catch(() => undefined);
    if (bytes === undefined || trouble === 'away') {
      request.socket.destroy();
      return;
    }
    if (typeof trouble === 'object' && 'laterMs' in trouble) await this.#later(trouble.laterMs);
    const reply = this.#reply(trouble, request, { method, path: pathname, query }, bytes);
    this.asked.push(`${method} ${pathname} ${reply.status}`);
    if (this.asked.length > MOST_REMEMBERED) this.asked.shift();
    if (trouble === 'answer-lost') request.socket.destroy();
    else send(response, reply);
  }

  #reply(trouble: Trouble, request: IncomingMessage, { path, ...asked }: Omit<Asked, 'body'>, bytes: Buffer): Reply {
    try {
      if (typeof trouble === 'object' && 'status' in trouble) throw new Refused(trouble.status, 'trouble');
      if (typeof trouble === 'object' && 'movedTo' in trouble)
        return { status: 308, location: `${trouble.movedTo}${path}` };
      if (this.token !== undefined && request.headers.authorization !== `Bearer ${this.token}`)
        throw new Refused(401, 'another token');
      const { base } = this.#options;
      if (!path.startsWith(`${base}/`)) throw new Refused(404, `${path} is no resource`);
      return this.#serve({ ...asked, path: path.slice(base.length), body: jsonOf(bytes) });
    } catch (error) {
      const status = error instanceof Refused ? error.status : 500;
      return { status, body: { title: 'refused', status, detail: messageOf(error) } };
    }
  }

  async #later(ms: number): Promise<void> {
    await new Promise<void>(resolve => void (this.#options.timers ?? systemTimers).after(ms, resolve));
  }
}

function send(response: ServerResponse, { status, body, location }: Reply): void {
  const headers: Record<string, string> = location === undefined ? {} : { location };
  if (body === undefined) response.writeHead(status, headers).end();
  else {
    const type = status >= 400 ? 'application/problem+json' : 'application/json';
    response.writeHead(status, { ...headers, 'content-type': type }).end(JSON.stringify(body));
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MOST_BYTES) throw new Error('too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function jsonOf(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new Refused(400, 'no JSON');
  }
}
