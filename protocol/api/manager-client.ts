import { EdgetwinError } from '../../common/errors.js';
import { fault } from '../errors.js';
import { HttpClient, type CallOptions, type HttpClientOptions } from './http-client.js';
import type { ServerEvent } from './sse.js';

/** Where else a call may be answered, and whether this very call is made there: every call of md-manager may be repeated. */
const ELSEWHERE: Readonly<Record<string, 'now' | 'next time'>> = {
  MANAGER_NOT_LEADER: 'now',
  UPSTREAM_AWAY: 'now',
  // Its time is over: one that is stopped takes calls, and answers none.
  DEADLINE: 'next time',
  AUTHORITY_AWAY: 'next time',
};

/**
 * The md-manager that leads, of several: a call goes to the one that answered last, and from one that does not lead to the one that
 * it names, or down the list. Rejects as {@link HttpClient} does, with the fault of the last one that was asked.
 */
export class ManagerClient implements AsyncDisposable {
  readonly #clients: Map<string, HttpClient>;
  readonly #options: HttpClientOptions;
  #current: HttpClient;
  /** Streams of events follow the current one alone. */
  #left = new AbortController();

  /** CONFIG_INVALID for an empty list. */
  constructor(urls: readonly string[], options: HttpClientOptions = {}) {
    const [first] = urls;
    if (first === undefined) throw fault('CONFIG_INVALID', 'no URL of md-manager is given');
    this.#options = options;
    this.#current = new HttpClient(first, options);
    this.#clients = new Map([[first, this.#current]]);
    for (const url of urls) this.#client(url);
  }

  /** The one that is asked now. */
  get url(): string {
    return this.#current.url;
  }

  async call<A = void>(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    options: CallOptions<A> = {},
  ): Promise<A> {
    for (let others = this.#clients.size; ; others--) {
      const asked = this.#current;
      try {
        return await asked.call(method, path, options);
      } catch (error) {
        const again = this.#turn(asked, error) === 'now' && others > 0 && options.signal?.aborted !== true;
        if (!again) throw error;
      }
    }
  }

  /** Ends, or rejects, as soon as another one is asked. */
  async *events(path: string, signal: AbortSignal): AsyncGenerator<ServerEvent> {
    const asked = this.#current;
    try {
      yield* asked.events(path, AbortSignal.any([signal, this.#left.signal]));
    } catch (error) {
      this.#turn(asked, error);
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#left.abort();
    await Promise.all([...this.#clients.values()].map(client => client[Symbol.asyncDispose]()));
  }

  /** Others are asked from now on, where that may help. */
  #turn(asked: HttpClient, error: unknown): 'now' | 'next time' | 'never' {
    const how = error instanceof EdgetwinError ? ELSEWHERE[error.code] : undefined;
    if (how === undefined) return 'never';
    // Another call has turned already.
    if (asked !== this.#current) return how;
    const named = error instanceof EdgetwinError && error.code === 'MANAGER_NOT_LEADER' ? error.detail : '';
    const urls = [...this.#clients.keys()];
    const next = URL.canParse(named) ? named : urls[(urls.indexOf(asked.url) + 1) % urls.length];
    if (next === undefined || next === asked.url) return 'never';
    this.#current = this.#client(next);
    this.#left.abort(error);
    this.#left = new AbortController();
    return how;
  }

  #client(url: string): HttpClient {
    const known = this.#clients.get(url) ?? new HttpClient(url, this.#options);
    this.#clients.set(url, known);
    return known;
  }
}
