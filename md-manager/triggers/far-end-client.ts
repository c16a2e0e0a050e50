import { readFile } from 'node:fs/promises';
import { Agent } from 'undici';
import { EdgetwinError, messageOf } from '../../common/errors.js';
import { fault } from '../../protocol/errors.js';

export interface FarEndOptions {
  /** Base URL of its API. */
  readonly url: string;
  /** Bearer token, read anew for each call: somebody else renews it. */
  readonly tokenFile?: string | undefined;
  /** PEM file with the authorities to believe, else the system's. */
  readonly caFile?: string | undefined;
  readonly timeoutMs?: number;
}

export interface FarEndRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Absolute, or below the base URL where it begins with a slash. */
  readonly url: string;
  readonly json?: unknown;
}

export interface FarEndAnswer {
  readonly status: number;
  /** `Location`, absolute. */
  readonly location: string | undefined;
  readonly body: unknown;
}

const TIMEOUT_MS = 5_000;
const MOST_REDIRECTS = 2;
const MOST_BYTES = 1_048_576;

/**
 * Calls to one core network or MEC platform: JSON, HTTP/2 where its TLS offers it, 307 and 308 followed. Its token goes to
 * its own origin alone. Rejects with NOT_FOUND, UPSTREAM_AWAY (nobody there, 429, 5xx), UPSTREAM_REFUSED (with its own words), DEADLINE.
 */
export class FarEndClient implements AsyncDisposable {
  readonly #options: FarEndOptions;
  readonly #agent: Agent;

  private constructor(options: FarEndOptions, agent: Agent) {
    this.#options = options;
    this.#agent = agent;
  }

  /** CONFIG_INVALID where the authorities cannot be read. */
  static async open(options: FarEndOptions): Promise<FarEndClient> {
    const { caFile } = options;
    const ca = caFile === undefined ? {} : { ca: await readPem(caFile) };
    return new FarEndClient(
      options,
      new Agent({ connections: 4, allowH2: true, connect: { timeout: 2_000, ...ca }, maxResponseSize: MOST_BYTES }),
    );
  }

  async send(request: FarEndRequest, signal?: AbortSignal): Promise<FarEndAnswer> {
    const url = new URL(request.url.startsWith('/') ? this.#options.url + request.url : request.url);
    return this.#follow(request, url, signal, MOST_REDIRECTS);
  }

  async #follow(
    request: FarEndRequest,
    url: URL,
    signal: AbortSignal | undefined,
    redirects: number,
  ): Promise<FarEndAnswer> {
    const { status, location, text } = await this.#once(request, url, signal);
    const next = location === undefined ? undefined : new URL(location, url);
    if ((status === 307 || status === 308) && next !== undefined && redirects > 0)
      return this.#follow(request, next, signal, redirects - 1);
    if (status >= 300) throw refusal(`${request.method} ${url.href}`, status, text);
    return { status, location: next?.href, body: parsed(text) };
  }

  async #once({ method, json }: FarEndRequest, url: URL, signal: AbortSignal | undefined) {
    const where = `${method} ${url.href}`;
    const late = AbortSignal.timeout(this.#options.timeoutMs ?? TIMEOUT_MS);
    try {
      const response = await this.#agent.request({
        ...{ origin: url.origin, path: url.pathname + url.search, method },
        headers: {
          accept: 'application/json',
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
          ...(await this.#authorization(url)),
        },
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
        signal: signal === undefined ? late : AbortSignal.any([late, signal]),
      });
      const { location } = response.headers;
      return {
        status: response.statusCode,
        location: typeof location === 'string' ? location : undefined,
        text: await response.body.text(),
      };
    } catch (cause) {
      if (signal?.aborted || cause instanceof EdgetwinError) throw cause;
      if (late.aborted) throw fault('DEADLINE', where, { cause });
      throw fault('UPSTREAM_AWAY', `${where}: ${messageOf(cause)}`, { cause });
    }
  }

  async #authorization(url: URL): Promise<Record<string, string>> {
    const { tokenFile, url: base } = this.#options;
    if (tokenFile === undefined || url.origin !== new URL(base).origin) return {};
    const token = await readFile(tokenFile, 'utf8').catch((cause: unknown) => {
      throw fault('UPSTREAM_REFUSED', `the token in ${tokenFile} cannot be read`, { cause });
    });
    return { authorization: `Bearer ${token.trim()}` };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }
}

async function readPem(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw fault('CONFIG_INVALID', `triggers.caFile ${file} cannot be read`, { cause });
  });
}

/** With the words of its problem details (RFC 9457; `cause` is 3GPP's), where it has some. */
function refusal(where: string, status: number, text: string): EdgetwinError {
  const problem = parsed(text);
  const said = (typeof problem === 'object' && problem !== null ? problem : {}) as Record<string, unknown>;
  const words = [said['title'], said['cause'], said['detail']].filter(word => typeof word === 'string').join(': ');
  const code = status === 404 ? 'NOT_FOUND' : status === 429 || status >= 500 ? 'UPSTREAM_AWAY' : 'UPSTREAM_REFUSED';
  return fault(code, `${where} answered ${status} ${words}`.trimEnd());
}

function parsed(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return text;
  }
}
