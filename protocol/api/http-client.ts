import { EventEmitter } from 'node:events';
import { Pool, type Dispatcher } from 'undici';
import type { z } from 'zod';
import { EdgetwinError, messageOf } from '../../common/errors.js';
import { ERRORS, fault, type ErrorCode } from '../errors.js';
import { COMMANDS_PATH, commandLine, commandsText, refusalOf } from './commands.js';
import { linesOf } from './lines.js';
import { readEvents, type ServerEvent } from './sse.js';

export interface CallOptions<A> {
  readonly body?: unknown;
  /** The body, as JSON already. */
  readonly json?: string;
  /** Checks the answer; without it the call expects none. */
  readonly answer?: z.ZodType<A>;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface HttpClientOptions {
  /** Calls at once. */
  readonly connections?: number;
  /** Go with every request (a proxy's, for instance). */
  readonly headers?: Readonly<Record<string, string>>;
  /** Called right before anything but a GET leaves; throws where it must not. */
  readonly before?: () => void;
  /** Hears the code of each refusal by the service itself. */
  readonly refused?: (code: string) => void;
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** Streams of events that one client follows at once. */
const STREAMS = 2;

/**
 * JSON over kept-alive connections to one service, so many calls at once as there are connections; the others wait. Rejects with the service's own error code (problem details; a
 * `ComeBackLater` where it answered with Retry-After), with
 * UPSTREAM_AWAY where it cannot be reached, DEADLINE where it took too long, UPSTREAM_REFUSED where the answer makes no sense.
 */
export class HttpClient implements AsyncDisposable {
  readonly url: string;
  readonly #pool: Pool;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #jsonHeaders: Readonly<Record<string, string>>;
  readonly #atOnce: number;
  readonly #options: HttpClientOptions;
  #underWay = 0;
  /** Calls that wait for a connection, first come first served. */
  readonly #waiting: (() => void)[] = [];

  constructor(url: string, options: HttpClientOptions = {}) {
    this.url = url;
    this.#options = options;
    this.#headers = options.headers ?? {};
    this.#jsonHeaders = { ...this.#headers, 'content-type': 'application/json' };
    this.#atOnce = options.connections ?? 16;
    this.#pool = new Pool(url, {
      // A stream of events has its own.
      connections: this.#atOnce + STREAMS,
      pipelining: 1,
      keepAliveTimeout: 30_000,
      connect: { timeout: 2_000 },
    });
  }

  async call<A = void>(method: Method, path: string, options: CallOptions<A> = {}): Promise<A> {
    return this.#inTurn(() => this.#call(method, path, options));
  }

  /**
   * Several commands (`commandText`) in one request; `answered` hears of each once its own answer is here. Rejects where the request
   * fails as a whole, in the ways in which `call` does, or breaks off: those without an answer until then may have been carried out, or not.
   */
  async commands(
    commands: readonly string[],
    answered: (at: number, outcome: { readonly answer: unknown } | { readonly error: EdgetwinError }) => void,
    options: Pick<CallOptions<never>, 'timeoutMs' | 'signal'> = {},
  ): Promise<void> {
    await this.#inTurn(() => this.#commands(commands, answered, options));
  }

  async #commands(
    commands: readonly string[],
    answered: Parameters<HttpClient['commands']>[1],
    options: Pick<CallOptions<never>, 'timeoutMs' | 'signal'>,
  ): Promise<void> {
    const tell = (text: string): void => {
      const found = commandLine.safeParse(parseJson(text));
      if (!found.success) throw fault('UPSTREAM_REFUSED', `POST ${this.url}${COMMANDS_PATH} answered in another form`);
      const { at, answer, error } = found.data;
      if (error === undefined) return answered(at, { answer });
      const refusal = refusalOf(error);
      this.#options.refused?.(refusal.code);
      answered(at, { error: refusal });
    };
    await this.#request('POST', COMMANDS_PATH, { ...options, json: commandsText(commands) }, async response => {
      for await (const lines of linesOf(response.body)) lines.forEach(tell);
    });
  }

  async #inTurn<A>(does: () => Promise<A>): Promise<A> {
    // The time that a call may take begins here: those that wait would else fail together, be made again, and keep the service
    // from ever being through with them.
    if (this.#underWay >= this.#atOnce) await new Promise<void>(resolve => this.#waiting.push(resolve));
    else this.#underWay++;
    try {
      return await does();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#underWay--;
      else next();
    }
  }

  async #call<A>(method: Method, path: string, options: CallOptions<A>): Promise<A> {
    const text = await this.#request(method, path, options, response => response.body.text());
    if (options.answer === undefined) return undefined as A;
    const found = options.answer.safeParse(parseJson(text));
    if (!found.success) throw fault('UPSTREAM_REFUSED', `${method} ${this.url}${path} answered in another form`);
    return found.data;
  }

  /** One request; `read` takes its answer where it is no refusal, within the same time. */
  async #request<T>(
    method: Method,
    path: string,
    options: CallOptions<unknown>,
    read: (response: Dispatcher.ResponseData) => Promise<T>,
  ): Promise<T> {
    if (method !== 'GET') this.#options.before?.();
    using stop = new Stop(options.timeoutMs ?? 5_000, options.signal);
    const body = options.json ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
    const headers = body === undefined ? this.#headers : this.#jsonHeaders;
    let status: number;
    let text: string;
    let retryAfter: string | string[] | undefined;
    try {
      const response = await this.#pool.request({ method, path, signal: stop, headers, body: body ?? null });
      status = response.statusCode;
      if (status < 300) return await read(response);
      retryAfter = response.headers['retry-after'];
      text = await response.body.text();
    } catch (cause) {
      if (options.signal?.aborted) throw cause;
      if (stop.late) throw fault('DEADLINE', `${method} ${this.url}${path}`, { cause });
      if (cause instanceof EdgetwinError) throw cause;
      throw fault('UPSTREAM_AWAY', `${method} ${this.url}${path}: ${messageOf(cause)}`, { cause });
    }
    // A service that sends its callers elsewhere says so in its problem details (MANAGER_NOT_LEADER), too.
    const refusal = asFault(text, status, `${method} ${this.url}${path}`, retryAfter);
    this.#options.refused?.(refusal.code);
    throw refusal;
  }

  /** Follows a stream of server-sent events until it ends or the signal is aborted. */
  async *events(path: string, signal: AbortSignal): AsyncGenerator<ServerEvent> {
    let body: AsyncIterable<Uint8Array>;
    try {
      const response = await this.#pool.request({
        method: 'GET',
        path,
        signal,
        headers: this.#headers,
        bodyTimeout: 0,
        headersTimeout: 5_000,
      });
      if (response.statusCode !== 200)
        throw asFault(await response.body.text(), response.statusCode, `GET ${this.url}${path}`);
      body = response.body;
    } catch (cause) {
      if (cause instanceof EdgetwinError) throw cause;
      throw fault('UPSTREAM_AWAY', `GET ${this.url}${path}: ${messageOf(cause)}`, { cause });
    }
    yield* readEvents(body);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy();
  }
}

/**
 * Ends one call: at its deadline, or with the caller's signal. undici takes an emitter in the place of a signal; signals made
 * for each call (`AbortSignal.timeout` in `AbortSignal.any`) took as much time as the rest of it.
 */
class Stop extends EventEmitter implements Disposable {
  aborted = false;
  reason: unknown;
  /** The deadline has passed. */
  late = false;
  readonly #timer: NodeJS.Timeout;
  readonly #caller: AbortSignal | undefined;

  constructor(timeoutMs: number, caller: AbortSignal | undefined) {
    super();
    this.#caller = caller;
    this.#timer = setTimeout(() => {
      this.late = true;
      this.#abort(new Error(`no answer in ${timeoutMs} ms`));
    }, timeoutMs);
    if (caller?.aborted) this.#onCaller();
    else caller?.addEventListener('abort', this.#onCaller, { once: true });
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#caller?.removeEventListener('abort', this.#onCaller);
  }

  readonly #onCaller = (): void => this.#abort(this.#caller?.reason);

  #abort(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    this.emit('abort');
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A service's refusal that says when to come back (RFC 9110 §10.2.3, its form in seconds). */
export class ComeBackLater extends EdgetwinError {
  readonly retryAfterS: number;
  constructor(code: ErrorCode, detail: string, retryAfterS: number) {
    super(code, ERRORS[code], detail);
    this.retryAfterS = retryAfterS;
  }
}

function asFault(text: string, status: number, where: string, retryAfter?: string | string[]): EdgetwinError {
  const retryAfterS = /^\d{1,6}$/.test(String(retryAfter)) ? Number(retryAfter) : undefined;
  const refusal = (code: ErrorCode, detail: string): EdgetwinError =>
    retryAfterS === undefined ? fault(code, detail) : new ComeBackLater(code, detail, retryAfterS);
  const body = parseJson(text);
  if (
    typeof body === 'object' &&
    body !== null &&
    'code' in body &&
    typeof body.code === 'string' &&
    body.code in ERRORS
  ) {
    return refusal(body.code as ErrorCode, 'detail' in body ? String(body.detail) : where);
  }
  return refusal('UPSTREAM_REFUSED', `${where} answered ${status}`);
}
