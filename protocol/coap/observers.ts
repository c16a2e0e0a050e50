import type { Clock } from '../../common/clock.js';
import type { WireHandler } from './block-server.js';
import { latin1 } from './client-exchanges.js';
import { NO_BYTES, encodeMessage, type Message } from './codec.js';
import { isSuccess } from './codes.js';
import type { OnCount } from './counts.js';
import type { ErrorResponses } from './error-response.js';
import type { MessageLayer, Transmission } from './message-layer.js';
import { responseOptions, type WireRequest, type WireResponse } from './options.js';
import type { CoapParams } from './params.js';
import type { Protection } from './protection.js';
import { Tally } from './tally.js';
import type { Exchange, Peer } from './types.js';

export interface ObserversDeps {
  readonly handle: WireHandler;
  readonly layer: MessageLayer;
  readonly clock: Clock;
  readonly params: CoapParams;
  readonly onCount: OnCount;
  readonly protect: Protection;
  readonly errors: ErrorResponses;
  readonly peerKey: (peer: Peer) => string;
  /** The next Observe number of a resource, 24 bits. */
  readonly observeNumbers: (observable: string) => number;
  /** What of ours an observation counts for, beside the peer. */
  readonly groupOf: (observable: string) => string;
}

interface Observer {
  readonly id: string;
  readonly peer: string;
  readonly observable: string;
  readonly request: WireRequest;
  readonly exchange: Exchange;
  /** The handler runs for it, and the state changed since. */
  running: boolean;
  again: boolean;
  /** The notification that is not acknowledged yet, and the newer state that waits behind it. */
  inFlight: Transmission | undefined;
  waiting: WireResponse | undefined;
  /** Non-confirmable ones since the last that was acknowledged; their newest message ids. */
  unconfirmed: number;
  readonly unconfirmedIds: number[];
  lastSentMs: number;
  /** How long the last acknowledgement took. */
  roundTripMs: number;
  gone: boolean;
}

const REGISTER = 0;
const DEREGISTER = 1;

/**
 * Observers of our resources (RFC 7641 §4). Each has one confirmable notification in flight; states that come meanwhile
 * take one another's place, and that of the notification where it must be sent again, so that the newest always arrives.
 * An observer is forgotten once it resets or never acknowledges, or after an answer that is no success.
 */
export class Observers {
  readonly #deps: ObserversDeps;
  readonly #byId = new Map<string, Observer>();
  readonly #byObservable = new Map<string, Set<Observer>>();
  readonly #tally: Tally;
  readonly #groups: Tally;
  /** Registrations whose handler runs, and what changed meanwhile. */
  #registering = 0;
  readonly #changed = new Set<string>();

  constructor(deps: ObserversDeps) {
    this.#deps = deps;
    const { maxObservations, maxObservationsPerPeer, maxObservationsPerGroup } = deps.params;
    this.#tally = new Tally(maxObservations, maxObservationsPerPeer);
    this.#groups = new Tally(maxObservations, maxObservationsPerGroup);
  }

  get isObserved(): boolean {
    return this.#byId.size > 0 || this.#registering > 0;
  }

  readonly handle: WireHandler = (request, exchange) => {
    const { handle } = this.#deps;
    const { observe, method, block2 } = request;
    if (observe === undefined || method !== 'GET' || (block2?.num ?? 0) > 0) return handle(request, exchange);
    const id = this.#idOf(exchange);
    if (observe === DEREGISTER) this.#drop(this.#byId.get(id));
    if (observe !== REGISTER) return handle(request, exchange);
    this.#registering++;
    let result: WireResponse | Promise<WireResponse>;
    try {
      result = handle(request, exchange);
    } catch (error) {
      this.#registered();
      throw error;
    }
    if (!(result instanceof Promise)) return this.#register(id, request, exchange, result);
    return result.then(
      response => this.#register(id, request, exchange, response),
      (error: unknown) => {
        this.#registered();
        throw error;
      },
    );
  };

  /** Tells the observers of a resource its state, as the handler answers now. */
  changed(observable: string): void {
    if (this.#registering > 0) this.#changed.add(observable);
    for (const observer of this.#byObservable.get(observable) ?? []) void this.#refresh(observer);
  }

  /** A reset came for a message that waits for no acknowledgement: whether it was a notification. */
  reset(peer: Peer, messageId: number): boolean {
    const key = this.#deps.peerKey(peer);
    for (const observer of this.#byId.values()) {
      if (observer.peer !== key || !observer.unconfirmedIds.includes(messageId)) continue;
      observer.inFlight?.stop();
      this.#lost(observer);
      return true;
    }
    return false;
  }

  close(): void {
    for (const observer of [...this.#byId.values()]) this.#drop(observer);
  }

  #idOf({ peer, token }: Exchange): string {
    return `${this.#deps.peerKey(peer)} ${latin1(token)}`;
  }

  #register(id: string, request: WireRequest, exchange: Exchange, response: WireResponse): WireResponse {
    const { onCount, peerKey, observeNumbers, clock } = this.#deps;
    const { observable } = response;
    // RFC 7641 §4.1: the same peer and token name the same observer; its new registration takes the place of the old.
    this.#drop(this.#byId.get(id));
    const peer = peerKey(exchange.peer);
    if (observable === undefined || !isSuccess(response.code)) {
      this.#registered();
      return response;
    }
    const { groupOf } = this.#deps;
    const mayPeer = this.#tally.take(peer);
    if (!mayPeer || !this.#groups.take(groupOf(observable))) {
      if (mayPeer) this.#tally.give(peer);
      this.#registered();
      onCount('observationRefused');
      return response;
    }
    const observer: Observer = {
      id,
      peer,
      observable,
      request,
      exchange,
      running: false,
      again: false,
      inFlight: undefined,
      waiting: undefined,
      unconfirmed: 0,
      unconfirmedIds: [],
      lastSentMs: clock.monotonicMs(),
      roundTripMs: Infinity,
      gone: false,
    };
    this.#byId.set(id, observer);
    const others = this.#byObservable.get(observable);
    if (others === undefined) this.#byObservable.set(observable, new Set([observer]));
    else others.add(observer);
    const observe = observeNumbers(observable);
    // Its state may be older than a change that came while the handler ran.
    if (this.#changed.has(observable)) void this.#refresh(observer);
    this.#registered();
    return { ...response, observe };
  }

  #registered(): void {
    if (--this.#registering === 0) this.#changed.clear();
  }

  async #refresh(observer: Observer): Promise<void> {
    if (observer.running) {
      observer.again = true;
      return;
    }
    observer.running = true;
    do {
      observer.again = false;
      let response: WireResponse;
      try {
        // After what is under way: the response to the registration goes out before its first notification.
        response = await Promise.resolve().then(() => this.#deps.handle(observer.request, observer.exchange));
      } catch (error) {
        response = this.#deps.errors.of(error);
      }
      this.#notify(observer, response);
    } while (observer.again && !observer.gone);
    observer.running = false;
  }

  #notify(observer: Observer, response: WireResponse): void {
    if (observer.gone) return;
    if (observer.inFlight === undefined) this.#send(observer, response);
    else observer.waiting = response;
  }

  #send(observer: Observer, response: WireResponse): void {
    const { layer, clock, params } = this.#deps;
    const { peer, confirmable: asked } = observer.exchange;
    const nowMs = clock.monotonicMs();
    const isFinal = !isSuccess(response.code);
    // RFC 7641 §4.5: a non-confirmable one at most once in a round trip, and a confirmable one every so often.
    const confirmable =
      asked ||
      isFinal ||
      observer.unconfirmed + 1 >= params.confirmEvery ||
      nowMs - observer.lastSentMs < observer.roundTripMs;
    const message = this.#message(observer, response, confirmable ? 'CON' : 'NON');
    if (message === undefined) return;
    observer.lastSentMs = nowMs;
    if (!confirmable) {
      observer.unconfirmed++;
      observer.unconfirmedIds.push(message.messageId);
      layer.send(message, peer);
      return;
    }
    let transmissions = 0;
    const lost = (): void => this.#lost(observer);
    observer.inFlight = layer.sendConfirmable(message, peer, {
      onTransmit: count => {
        transmissions = count;
      },
      renew: () => {
        const { waiting } = observer;
        observer.waiting = undefined;
        return waiting === undefined ? undefined : this.#message(observer, waiting, 'CON');
      },
      onAcknowledged: () => {
        observer.inFlight = undefined;
        observer.unconfirmed = 0;
        observer.unconfirmedIds.length = 0;
        if (transmissions === 1) observer.roundTripMs = clock.monotonicMs() - nowMs;
        const { waiting } = observer;
        observer.waiting = undefined;
        if (waiting !== undefined && !observer.gone) this.#send(observer, waiting);
      },
      onReset: lost,
      onGiveUp: lost,
    });
  }

  /**
   * A message that can be sent; `undefined` where not even an error can be told. Whoever is told of an error is told nothing
   * more (RFC 7641 §4.2).
   */
  #message(observer: Observer, response: WireResponse, type: 'CON' | 'NON'): Message | undefined {
    const { onCount, errors } = this.#deps;
    for (let sent = response, tries = 0; tries < 2; tries++) {
      try {
        const message = this.#build(observer, sent, type);
        if (!isSuccess(sent.code)) this.#forget(observer);
        onCount('notified');
        return message;
      } catch (error) {
        sent = errors.broken(error);
      }
    }
    this.#forget(observer);
    return undefined;
  }

  #build(observer: Observer, { observe: _, ...response }: WireResponse, type: 'CON' | 'NON'): Message {
    const { layer, protect, observeNumbers } = this.#deps;
    const { peer, token } = observer.exchange;
    const { code, payload = NO_BYTES } = response;
    const numbered = isSuccess(code) ? { ...response, observe: observeNumbers(observer.observable) } : response;
    const options = responseOptions(numbered);
    const message = protect.seal({ type, code, messageId: layer.nextMessageId(peer), token, options, payload }, peer);
    encodeMessage(message);
    return message;
  }

  #lost(observer: Observer): void {
    if (!observer.gone) this.#deps.onCount('observerLost');
    this.#forget(observer);
  }

  /** Nothing more goes to it. */
  #drop(observer: Observer | undefined): void {
    observer?.inFlight?.stop();
    this.#forget(observer);
  }

  #forget(observer: Observer | undefined): void {
    if (observer === undefined || observer.gone) return;
    observer.gone = true;
    observer.waiting = undefined;
    this.#byId.delete(observer.id);
    this.#tally.give(observer.peer);
    this.#groups.give(this.#deps.groupOf(observer.observable));
    const others = this.#byObservable.get(observer.observable);
    others?.delete(observer);
    if (others?.size === 0) this.#byObservable.delete(observer.observable);
  }
}
