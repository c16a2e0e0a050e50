import { readFile } from 'node:fs/promises';
import { Agent } from 'undici';
import { messageOf } from '../../../common/errors.js';
import { fault } from '../../../protocol/errors.js';
import { Gate } from './gate.js';

/** What a northbound interface answered: `body` is parsed JSON, or text where it is not JSON (an older release's version). */
export interface NbiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
}

export interface NbiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/osm`, with its query. */
  readonly path: string;
  readonly token?: string;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** A package, sent as it is. */
  readonly file?: { readonly bytes: Uint8Array; readonly md5: string };
}

export interface TransportOptions {
  /** `https://HOST:9999/osm`, or plain http behind an ingress (release 19). */
  readonly url: string;
  /** Whom to believe: the certificates of this file alone, anybody (said by name, because it is unsafe), or the system's authorities. */
  readonly tls:
    { readonly kind: 'system' } | { readonly kind: 'pinned'; readonly caFile: string } | { readonly kind: 'insecure' };
  /** Calls at once. The interface serves ten; the rest would wait there without a word. */
  readonly parallel?: number;
  readonly timeoutMs?: number;
}

const PARALLEL = 8;
const TIMEOUT_MS = 30_000;

/**
 * Single calls to the northbound interface of Open Source MANO, under its own rules: JSON must be asked for (else it answers
 * YAML), a body needs its length (a chunked one is taken for empty and spoils the connection), and cookies are not kept (a
 * session cookie can log in or out whoever sends it). Rejects with MANO_AWAY where nobody answers and DEADLINE where it
 * took too long; what was answered is the caller's to judge.
 */
export class NbiTransport implements AsyncDisposable {
  readonly #base: URL;
  readonly #agent: Agent;
  readonly #gate: Gate;
  readonly #timeoutMs: number;

  private constructor(options: TransportOptions, agent: Agent) {
    this.#base = new URL(options.url.endsWith('/') ? options.url : `${options.url}/`);
    this.#agent = agent;
    this.#gate = new Gate(options.parallel ?? PARALLEL);
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  }

  static async open(options: TransportOptions): Promise<NbiTransport> {
    const { tls } = options;
    const trust =
      tls.kind === 'pinned'
        ? { ca: await readFile(tls.caFile, 'utf8') }
        : { rejectUnauthorized: tls.kind !== 'insecure' };
    const agent = new Agent({
      connections: options.parallel ?? PARALLEL,
      pipelining: 1,
      connect: { timeout: 5_000, ...trust },
    });
    return new NbiTransport(options, agent);
  }

  /** The token of the calls is the caller's; `signal` ends the wait, not what the interface does. */
  async send(request: NbiRequest, signal?: AbortSignal): Promise<NbiAnswer> {
    using _turn = await this.#gate.enter(signal);
    const where = `${request.method} ${this.#base.pathname}${request.path}`;
    const late = AbortSignal.timeout(this.#timeoutMs);
    try {
      const response = await this.#agent.request({
        origin: this.#base.origin,
        path: this.#base.pathname + request.path,
        method: request.method,
        ...payload(request),
        signal: signal === undefined ? late : AbortSignal.any([late, signal]),
      });
      const text = await response.body.text();
      return { status: response.statusCode, headers: response.headers, body: parsed(text) };
    } catch (cause) {
      if (signal?.aborted) throw cause;
      if (late.aborted) throw fault('DEADLINE', `${where}: no answer in ${this.#timeoutMs} ms`, { cause });
      throw fault('MANO_AWAY', `${where}: ${messageOf(cause)}`, { cause });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }
}

function payload({ token, json, file }: NbiRequest): { headers: Record<string, string>; body?: Buffer } {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
  if (file !== undefined) {
    headers['content-type'] = 'application/gzip';
    headers['content-file-md5'] = file.md5;
    return { headers, body: Buffer.from(file.bytes) };
  }
  if (json === undefined) return { headers };
  headers['content-type'] = 'application/json';
  return { headers, body: Buffer.from(JSON.stringify(json)) };
}

function parsed(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
