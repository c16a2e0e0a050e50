import type { Clock, Timers } from '../../common/clock.js';
import { fault } from '../errors.js';
import { NO_BYTES, type Message } from './codec.js';
import { METHODS } from './codes.js';
import type { OnCount } from './counts.js';
import { DedupMemory } from './dedup.js';
import type { MessageLayer, Transmission } from './message-layer.js';
import { OPTIONS } from './option-table.js';
import { requestOptions, responseOf, type WireRequest, type WireResponse } from './options.js';
import type { CoapParams } from './params.js';
import type { Protection } from './protection.js';
import type { ExchangeKey } from './server-exchanges.js';
import { Tally } from './tally.js';
import type { Peer, RequestOptions } from './types.js';

export interface ClientDeps {
  readonly layer: MessageLayer;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly params: CoapParams;
  readonly onCount: OnCount;
  readonly protect: Protection;
  readonly peerKey: (peer: Peer) => string;
  readonly exchangeKey: ExchangeKey;
  /** First bytes of the tokens of requests to a peer, at most four. */
  readonly tokenPrefix: (peer: Peer) => Uint8Array;
}

interface Pending {
  readonly messageId: number;
  readonly onPiggybacked: (() => void) | undefined;
  readonly settle: (outcome: { readonly response: WireResponse } | { readonly error: unknown }) => void;
}

/** One message and its response; `token` where it is not to be a new one. */
export interface ExchangeOptions extends RequestOptions {
  readonly token?: Uint8Array;
  /** The response came in the acknowledgement of this very request. */
  readonly onPiggybacked?: () => void;
}

/** A token that names an observation while this is held. */
export interface HeldToken extends Disposable {
  readonly token: Uint8Array;
}

const RANDOM_TOKEN_BYTES = 4;
const MAX_PREFIX_BYTES = 8 - RANDOM_TOKEN_BYTES;

/** Our own requests, each matched to its response by peer and token (RFC 7252 §5.3.2). */
export class ClientExchanges {
  readonly #deps: ClientDeps;
  readonly #pending = new Map<string, Pending>();
  readonly #open: Tally;
  readonly #notified = new Map<string, (response: WireResponse) => void>();
  readonly #held: Tally;
  /** Responses in messages of their own: the acknowledgement of one may be lost, and it comes again. */
  readonly #taken: DedupMemory<true>;

  constructor(deps: ClientDeps) {
    this.#deps = deps;
    this.#open = new Tally(deps.params.maxExchanges, deps.params.maxExchangesPerPeer);
    this.#held = new Tally(deps.params.maxObservations, deps.params.maxObservationsPerPeer);
    this.#taken = new DedupMemory({
      lifetimeMs: deps.params.exchangeLifetimeMs,
      perGeneration: deps.params.dedupPerGeneration,
    });
  }

  async exchange(peer: Peer, request: WireRequest, options: ExchangeOptions): Promise<WireResponse> {
    options.signal?.throwIfAborted();
    const peerKey = this.#deps.peerKey(peer);
    if (!this.#open.take(peerKey)) throw fault('COAP_BUSY', `${peer.address}:${peer.port}`);
    try {
      return await this.#run(peer, peerKey, request, options);
    } finally {
      this.#open.give(peerKey);
    }
  }

  /**
   * Takes a token for an observation at `peer`: `onNotification` is told each response that bears it and answers no request
   * under way. Throws COAP_BUSY at the bound.
   */
  holdToken(peer: Peer, onNotification: (response: WireResponse) => void): HeldToken {
    const peerKey = this.#deps.peerKey(peer);
    if (!this.#held.take(peerKey)) throw fault('COAP_BUSY', `observations at ${peer.address}:${peer.port}`);
    const token = this.#newToken(peer, peerKey);
    const key = `${peerKey} ${latin1(token)}`;
    this.#notified.set(key, onNotification);
    return {
      token,
      [Symbol.dispose]: () => {
        if (this.#notified.delete(key)) this.#held.give(peerKey);
      },
    };
  }

  #run(peer: Peer, peerKey: string, request: WireRequest, options: ExchangeOptions): Promise<WireResponse> {
    const { layer, timers, params, onCount, protect } = this.#deps;
    const { signal, confirmable = true, timeoutMs = params.exchangeLifetimeMs } = options;
    const where = `${request.method} /${request.path.join('/')} at ${peer.address}:${peer.port}`;
    const token = options.token ?? this.#newToken(peer, peerKey);
    const key = `${peerKey} ${latin1(token)}`;
    const messageId = layer.nextMessageId(peer);
    const message = protect.seal(
      {
        type: confirmable ? 'CON' : 'NON',
        code: METHODS[request.method],
        messageId,
        token,
        options: requestOptions(request),
        payload: request.payload ?? NO_BYTES,
      },
      peer,
    );
    return new Promise((resolve, reject) => {
      let transmission: Transmission | undefined;
      const settle: Pending['settle'] = outcome => {
        if (this.#pending.get(key) !== pending) return;
        this.#pending.delete(key);
        transmission?.stop();
        cancel();
        signal?.removeEventListener('abort', onAbort);
        if ('response' in outcome) resolve(outcome.response);
        else reject(outcome.error as Error);
      };
      const onAbort = (): void => settle({ error: signal?.reason });
      const pending: Pending = { messageId, onPiggybacked: options.onPiggybacked, settle };
      this.#pending.set(key, pending);
      signal?.addEventListener('abort', onAbort, { once: true });
      const cancel = timers.after(timeoutMs, () => {
        onCount('timeout');
        settle({ error: fault('COAP_TIMEOUT', `${where}: no response in ${timeoutMs} ms`) });
      });
      try {
        transmission = confirmable
          ? layer.sendConfirmable(
              message,
              peer,
              {
                onTransmit: count => options.onTransmit?.(count),
                onAcknowledged: () => undefined,
                onReset: () => settle({ error: fault('COAP_RESET', where) }),
                onGiveUp: () => settle({ error: fault('COAP_TIMEOUT', `${where}: no acknowledgement`) }),
              },
              options.ackTimeoutMs,
            )
          : this.#sendOnce(message, peer, options);
      } catch (error) {
        settle({ error });
        return;
      }
      const { retransmit } = transmission;
      options.onOpen?.({ retransmit });
    });
  }

  #sendOnce(message: Message, peer: Peer, options: RequestOptions): Transmission {
    let count = 0;
    let ended = false;
    const retransmit = (): void => {
      if (ended) return;
      this.#deps.layer.send(message, peer);
      options.onTransmit?.(++count);
    };
    retransmit();
    return {
      retransmit,
      stop: () => {
        ended = true;
      },
    };
  }

  /** Takes a response of any type, and acknowledges or resets it where it asks for that. */
  receive(message: Message, peer: Peer): void {
    const { layer, onCount, protect, peerKey, exchangeKey, clock } = this.#deps;
    const { type, messageId, token } = message;
    // An acknowledgement bears a message id of ours, the others one of the peer's.
    const own = type === 'ACK' ? undefined : exchangeKey(peer, messageId, token);
    if (own !== undefined && this.#taken.get(own) !== undefined) {
      onCount('duplicate');
      if (type === 'CON') layer.sendEmpty('ACK', messageId, peer);
      return;
    }
    const key = `${peerKey(peer)} ${latin1(token)}`;
    const pending = this.#pending.get(key);
    const onNotification = type === 'ACK' ? undefined : this.#notified.get(key);
    // RFC 7252 §5.3.2: a piggy-backed response must also carry the message id of its request.
    const answers = pending !== undefined && (type !== 'ACK' || pending.messageId === messageId);
    if (!answers && onNotification === undefined) {
      onCount('unmatched');
      // A notification that is not confirmable, too: RFC 7641 §3.6 ends an observation that is known no more by a reset.
      if (type === 'CON' || (type === 'NON' && isNotification(message))) layer.sendEmpty('RST', messageId, peer);
      return;
    }
    let response: WireResponse;
    try {
      response = responseOf(protect.open(message, peer));
    } catch (error) {
      if (type === 'CON') layer.sendEmpty('RST', messageId, peer);
      if (answers) pending.settle({ error });
      else onCount('unmatched');
      return;
    }
    if (own !== undefined) this.#taken.put(own, true, clock.monotonicMs());
    if (type === 'CON') layer.sendEmpty('ACK', messageId, peer);
    if (answers) {
      if (type === 'ACK') pending.onPiggybacked?.();
      pending.settle({ response });
    } else onNotification?.(response);
  }

  close(): void {
    for (const { settle } of [...this.#pending.values()]) settle({ error: fault('COAP_CLOSED', 'while waiting') });
  }

  #newToken(peer: Peer, peerKey: string): Uint8Array {
    const prefix = this.#deps.tokenPrefix(peer).subarray(0, MAX_PREFIX_BYTES);
    const token = new Uint8Array(prefix.length + RANDOM_TOKEN_BYTES);
    token.set(prefix);
    do {
      for (let i = prefix.length; i < token.length; i++) token[i] = Math.floor(this.#deps.random() * 256);
    } while (this.#pending.has(`${peerKey} ${latin1(token)}`) || this.#notified.has(`${peerKey} ${latin1(token)}`));
    return token;
  }
}

const isNotification = ({ options }: Message): boolean =>
  options.some(({ number }) => number === OPTIONS.observe.number);

export const latin1 = (bytes: Uint8Array): string =>
  bytes.length === 0 ? '' : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
