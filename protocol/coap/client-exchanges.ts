import type { Clock, Timers } from '../../common/clock.js';
import { fault } from '../errors.js';
import { NO_BYTES, type Message } from './codec.js';
import { METHODS } from './codes.js';
import type { OnCount } from './counts.js';
import { DedupMemory } from './dedup.js';
import type { MessageLayer, Transmission } from './message-layer.js';
import { requestOptions, responseOf } from './options.js';
import type { CoapParams } from './params.js';
import type { Protection } from './protection.js';
import type { ExchangeKey } from './server-exchanges.js';
import { Tally } from './tally.js';
import type { CoapRequest, CoapResponse, Peer, RequestOptions } from './types.js';

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
  readonly settle: (outcome: { readonly response: CoapResponse } | { readonly error: unknown }) => void;
}

const RANDOM_TOKEN_BYTES = 4;
const MAX_PREFIX_BYTES = 8 - RANDOM_TOKEN_BYTES;

/** Our own requests, each matched to its response by peer and token (RFC 7252 §5.3.2). */
export class ClientExchanges {
  readonly #deps: ClientDeps;
  readonly #pending = new Map<string, Pending>();
  readonly #open: Tally;
  /** Confirmable responses that were acknowledged: the acknowledgement may be lost, and they come again. */
  readonly #acknowledged: DedupMemory<true>;

  constructor(deps: ClientDeps) {
    this.#deps = deps;
    this.#open = new Tally(deps.params.maxExchanges, deps.params.maxExchangesPerPeer);
    this.#acknowledged = new DedupMemory({
      lifetimeMs: deps.params.exchangeLifetimeMs,
      perGeneration: deps.params.dedupPerGeneration,
    });
  }

  async request(peer: Peer, request: CoapRequest, options: RequestOptions): Promise<CoapResponse> {
    options.signal?.throwIfAborted();
    const peerKey = this.#deps.peerKey(peer);
    if (!this.#open.take(peerKey)) throw fault('COAP_BUSY', `${peer.address}:${peer.port}`);
    try {
      return await this.#run(peer, peerKey, request, options);
    } finally {
      this.#open.give(peerKey);
    }
  }

  #run(peer: Peer, peerKey: string, request: CoapRequest, options: RequestOptions): Promise<CoapResponse> {
    const { layer, timers, params, onCount, protect } = this.#deps;
    const { signal, confirmable = true, timeoutMs = params.exchangeLifetimeMs } = options;
    const where = `${request.method} /${request.path.join('/')} at ${peer.address}:${peer.port}`;
    const token = this.#newToken(peer, peerKey);
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
      const pending: Pending = { messageId, settle };
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
    const pending = this.#pending.get(`${peerKey(peer)} ${latin1(token)}`);
    // RFC 7252 §5.3.2: a piggy-backed response must also carry the message id of its request.
    if (pending === undefined || (type === 'ACK' && pending.messageId !== messageId)) {
      if (type === 'CON') {
        const again = this.#acknowledged.get(exchangeKey(peer, messageId, token)) !== undefined;
        onCount(again ? 'duplicate' : 'unmatched');
        layer.sendEmpty(again ? 'ACK' : 'RST', messageId, peer);
      } else onCount('unmatched');
      return;
    }
    let response: CoapResponse;
    try {
      response = responseOf(protect.open(message, peer));
    } catch (error) {
      if (type === 'CON') layer.sendEmpty('RST', messageId, peer);
      pending.settle({ error });
      return;
    }
    if (type === 'CON') {
      this.#acknowledged.put(exchangeKey(peer, messageId, token), true, clock.monotonicMs());
      layer.sendEmpty('ACK', messageId, peer);
    }
    pending.settle({ response });
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
    } while (this.#pending.has(`${peerKey} ${latin1(token)}`));
    return token;
  }
}

export const latin1 = (bytes: Uint8Array): string =>
  bytes.length === 0 ? '' : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
