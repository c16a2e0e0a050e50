import type { Clock, Timers } from '../../common/clock.js';
import { fault } from '../errors.js';
import { AckDeadlines } from './ack-deadlines.js';
import type { WireHandler } from './block-server.js';
import { NO_BYTES, type Message, type MessageOption } from './codec.js';
import { isResponse } from './codes.js';
import type { OnCount } from './counts.js';
import { DedupMemory } from './dedup.js';
import type { ErrorBudget } from './error-budget.js';
import type { ErrorResponses } from './error-response.js';
import type { MessageLayer } from './message-layer.js';
import { isRefusal, requestOf, responseOptions, type WireResponse } from './options.js';
import type { CoapParams } from './params.js';
import type { Protection } from './protection.js';
import { Tally } from './tally.js';
import type { Exchange, Peer } from './types.js';

export type ExchangeKey = (peer: Peer, messageId: number, token: Uint8Array) => string;

export interface ServerDeps {
  readonly layer: MessageLayer;
  readonly handler: WireHandler;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly params: CoapParams;
  readonly onCount: OnCount;
  readonly budget: ErrorBudget;
  readonly errors: ErrorResponses;
  readonly protect: Protection;
  readonly peerKey: (peer: Peer) => string;
  readonly exchangeKey: ExchangeKey;
}

/** What of a message makes its answer again, with the message id and token of whoever asks again. */
interface Reply {
  readonly code: string;
  readonly options: readonly MessageOption[];
  readonly payload: Uint8Array;
}

/** What is remembered of a request until its duplicates cannot come any more. */
interface Inbound {
  /** An empty acknowledgement was sent: the response goes, or went, on its own. */
  acknowledged: boolean;
  /** The piggy-backed response. */
  reply: Reply | undefined;
  finished: boolean;
}

interface Waiting {
  readonly inbound: Inbound;
  readonly exchange: Exchange;
}

/** Nearly all requests are answered by a code alone: for each such code one memory stands for all. */
const ANSWERED_BY_CODE = new Map<string, Inbound>();

function answeredBy(code: string): Inbound {
  let inbound = ANSWERED_BY_CODE.get(code);
  if (inbound === undefined) {
    inbound = { acknowledged: false, reply: { code, options: [], payload: NO_BYTES }, finished: true };
    ANSWERED_BY_CODE.set(code, inbound);
  }
  return inbound;
}

/** Requests of others: each is handed to the handler once, and answered once more for each duplicate (RFC 7252 §4.5, §5.2). */
export class ServerExchanges {
  readonly #deps: ServerDeps;
  readonly #memory: DedupMemory<Inbound>;
  readonly #open: Tally;
  readonly #deadlines: AckDeadlines<Waiting>;
  #closed = false;

  constructor(deps: ServerDeps) {
    const { params, clock, timers, layer } = deps;
    this.#deps = deps;
    this.#memory = new DedupMemory({
      lifetimeMs: params.exchangeLifetimeMs,
      perGeneration: params.dedupPerGeneration,
    });
    this.#open = new Tally(params.maxInbound, params.maxInboundPerPeer);
    this.#deadlines = new AckDeadlines<Waiting>({
      clock,
      timers,
      delayMs: params.ackDelayMs,
      isDone: ({ inbound }) => inbound.finished,
      onDue: ({ inbound, exchange }) => {
        inbound.acknowledged = true;
        layer.sendEmpty('ACK', exchange.messageId, exchange.peer);
      },
    });
  }

  receive(message: Message, peer: Peer): void {
    const { exchangeKey, clock, onCount, protect, handler } = this.#deps;
    const key = exchangeKey(peer, message.messageId, message.token);
    const known = this.#memory.get(key);
    if (known !== undefined) {
      onCount('duplicate');
      this.#repeat(known, message, peer);
      return;
    }
    const inbound: Inbound = { acknowledged: false, reply: undefined, finished: false };
    const exchange: Exchange = {
      peer,
      messageId: message.messageId,
      token: message.token,
      confirmable: message.type === 'CON',
    };
    this.#memory.put(key, inbound, clock.monotonicMs());
    let result: WireResponse | Promise<WireResponse>;
    try {
      const request = requestOf(protect.open(message, peer));
      if (isRefusal(request)) {
        this.#refuse(key, inbound, exchange, { code: request.code, payload: Buffer.from(request.say) });
        return;
      }
      const peerKey = this.#deps.peerKey(peer);
      if (!this.#open.take(peerKey)) {
        onCount('refused');
        this.#refuse(key, inbound, exchange, { code: '5.03', maxAgeS: 1 });
        // The same message may well be served when it comes again.
        this.#memory.forget(key);
        return;
      }
      try {
        result = handler(request, exchange);
      } catch (error) {
        result = this.#deps.errors.of(error);
      }
      if (result instanceof Promise) {
        if (exchange.confirmable) this.#deadlines.push({ inbound, exchange });
        result.then(
          response => this.#finish(key, inbound, exchange, peerKey, response),
          (error: unknown) => this.#finish(key, inbound, exchange, peerKey, this.#deps.errors.of(error)),
        );
      } else this.#finish(key, inbound, exchange, peerKey, result);
    } catch (error) {
      this.#refuse(key, inbound, exchange, this.#deps.errors.of(error));
    }
  }

  /** Handlers that still run are not waited for; their responses go nowhere. */
  close(): void {
    this.#closed = true;
    this.#deadlines.close();
  }

  #repeat(known: Inbound, message: Message, peer: Peer): void {
    if (message.type !== 'CON') return;
    const { layer } = this.#deps;
    const { messageId, token } = message;
    if (known.reply !== undefined) layer.send({ type: 'ACK', messageId, token, ...known.reply }, peer);
    else if (known.acknowledged) layer.sendEmpty('ACK', messageId, peer);
  }

  /** Answers with an error that costs the sender nothing to provoke, as often as the budget allows. */
  #refuse(key: string, inbound: Inbound, exchange: Exchange, response: WireResponse): void {
    const { budget, clock } = this.#deps;
    if (budget.take(exchange.peer.address, clock.monotonicMs())) this.#answer(key, inbound, exchange, response);
    else this.#memory.forget(key);
  }

  #finish(key: string, inbound: Inbound, exchange: Exchange, peerKey: string, response: WireResponse): void {
    if (this.#closed) return;
    const release = (): void => this.#open.give(peerKey);
    const attempt = (candidate: WireResponse): void => {
      if (this.#answer(key, inbound, exchange, candidate, release) === 'now') release();
    };
    try {
      attempt(response);
    } catch (error) {
      // The handler's response fits no message: too large, or a value that its option cannot hold.
      const broken = this.#deps.errors.broken(error);
      try {
        attempt(broken);
      } catch (again) {
        this.#deps.errors.broken(again);
        release();
      }
    }
  }

  #answer(
    key: string,
    inbound: Inbound,
    exchange: Exchange,
    response: WireResponse,
    release: () => void = () => undefined,
  ): 'now' | 'in flight' {
    const { layer, protect } = this.#deps;
    const { peer, token, confirmable } = exchange;
    if (!isResponse(response.code)) throw fault('REQUEST_INVALID', `${response.code} is no code of a response`);
    const separate = confirmable && inbound.acknowledged;
    const message = protect.seal(
      {
        type: separate ? 'CON' : confirmable ? 'ACK' : 'NON',
        code: response.code,
        messageId: confirmable && !separate ? exchange.messageId : layer.nextMessageId(peer),
        token,
        options: responseOptions(response),
        payload: response.payload ?? NO_BYTES,
      },
      peer,
    );
    if (separate) {
      layer.sendConfirmable(message, peer, { onAcknowledged: release, onReset: release, onGiveUp: release });
    } else {
      layer.send(message, peer);
      if (confirmable) this.#remember(key, inbound, message);
    }
    inbound.finished = true;
    return separate ? 'in flight' : 'now';
  }

  #remember(key: string, inbound: Inbound, { code, options, payload }: Message): void {
    if (options.length === 0 && payload.length === 0) this.#memory.replace(key, answeredBy(code));
    else inbound.reply = { code, options, payload };
  }
}
