import type { Clock, Timers } from '../../common/clock.js';
import type { BlockClient, ExchangeOnce } from './client-blocks.js';
import type { ClientExchanges } from './client-exchanges.js';
import { isSuccess } from './codes.js';
import { isFresher, type Arrival } from './observe-order.js';
import type { WireRequest, WireResponse } from './options.js';
import type { CoapParams } from './params.js';
import type { CoapRequest, CoapResponse, ObserveOptions, Peer } from './types.js';

export interface ObserveClientDeps {
  readonly client: Pick<ClientExchanges, 'holdToken'>;
  readonly exchange: ExchangeOnce;
  readonly blocks: BlockClient;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly params: CoapParams;
}

/** RFC 7252 §5.10.5: how long an answer without Max-Age is fresh. */
const MAX_AGE_S = 60;
/** A deregistration that is lost costs nothing: the next notification is reset. */
const DEREGISTER_MS = 5_000;

/** One observation, from its registration on; see `CoapEndpoint.observe`. */
export async function* observe(
  deps: ObserveClientDeps,
  peer: Peer,
  request: CoapRequest,
  options: ObserveOptions,
): AsyncGenerator<CoapResponse, void, void> {
  const { client, exchange, blocks, params, random } = deps;
  const { signal } = options;
  signal?.throwIfAborted();
  const inbox = new Inbox(deps);
  const held = client.holdToken(peer, response => inbox.put(response));
  const registration: WireRequest = { ...request, method: 'GET', observe: 0 };
  const whole = (response: WireResponse): Promise<CoapResponse> =>
    blocks.complete(peer, registration, response, () => options);
  let isRegistered = false;
  let isAskedAgain: boolean = false;
  try {
    for (;;) {
      let isCertain: boolean = isAskedAgain;
      const onPiggybacked = (): void => {
        isCertain = true;
      };
      const first = await exchange(peer, registration, { ...options, token: held.token, onPiggybacked });
      isRegistered = first.observe !== undefined && isSuccess(first.code);
      // A late notification bears the same token and may come in the place of the answer.
      isAskedAgain = !inbox.isNewest(first, isCertain);
      if (isAskedAgain) continue;
      yield await whole(first);
      if (!isSuccess(first.code)) return;
      let newest = first;
      for (;;) {
        const staleMs = (newest.maxAgeS ?? MAX_AGE_S) * 1_000;
        const waitMs = staleMs + params.registerAgainMs + random() * params.registerAgainSpreadMs;
        const next = await inbox.take(waitMs, signal);
        if (next === undefined) break;
        newest = next;
        if (!isSuccess(next.code)) isRegistered = false;
        yield await whole(next);
        if (!isRegistered) return;
      }
    }
  } finally {
    inbox.close();
    if (isRegistered) {
      const leave = { token: held.token, timeoutMs: DEREGISTER_MS };
      const release = (): void => held[Symbol.dispose]();
      // Nobody waits for it, and its outcome changes nothing here.
      void exchange(peer, { ...registration, observe: 1 }, leave).then(release, release);
    } else held[Symbol.dispose]();
  }
}

/** The newest notification that was not read yet. */
class Inbox {
  readonly #clock: Clock;
  readonly #timers: Timers;
  #known: Arrival | undefined;
  #newest: WireResponse | undefined;
  #wake = (): void => undefined;
  #isClosed = false;

  constructor({ clock, timers }: { readonly clock: Clock; readonly timers: Timers }) {
    this.#clock = clock;
    this.#timers = timers;
  }

  put(response: WireResponse): void {
    if (this.#isClosed) return;
    const { observe, code } = response;
    // What is no success bears no number, and is the last (RFC 7641 §4.2).
    if (isSuccess(code)) {
      if (observe === undefined) return;
      const arrival = { observe, atMs: this.#clock.monotonicMs() };
      if (this.#known !== undefined && !isFresher(arrival, this.#known)) return;
      this.#known = arrival;
    }
    this.#newest = response;
    this.#wake();
  }

  /**
   * Whether the answer to a registration is newer than all that is known; if so, all that follows must be newer than it. One
   * that certainly is the answer is the newest even where the peer has begun to count anew.
   */
  isNewest({ observe }: WireResponse, isCertain: boolean): boolean {
    if (observe !== undefined) {
      const arrival = { observe, atMs: this.#clock.monotonicMs() };
      if (!isCertain && this.#known !== undefined && !isFresher(arrival, this.#known)) return false;
      this.#known = arrival;
    }
    this.#newest = undefined;
    return true;
  }

  /** The next, or `undefined` after `waitMs`. Rejects with the signal's reason. */
  async take(waitMs: number, signal: AbortSignal | undefined): Promise<WireResponse | undefined> {
    signal?.throwIfAborted();
    if (this.#newest === undefined)
      await new Promise<void>((resolve, reject) => {
        const onAbort = (): void => {
          cancel();
          reject(signal?.reason as Error);
        };
        const cancel = this.#timers.after(waitMs, () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        });
        this.#wake = () => {
          cancel();
          signal?.removeEventListener('abort', onAbort);
          resolve();
        };
        signal?.addEventListener('abort', onAbort, { once: true });
      });
    const next = this.#newest;
    this.#newest = undefined;
    this.#wake = (): void => undefined;
    return next;
  }

  close(): void {
    this.#isClosed = true;
    this.#newest = undefined;
  }
}
