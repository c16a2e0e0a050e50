import type { Clock } from '../../common/clock.js';
import type { WireHandler } from './block-server.js';
import { NO_BYTES, encodeMessage, type Message } from './codec.js';
import { isSuccess } from './codes.js';
import type { OnCount } from './counts.js';
import type { ErrorResponses } from './error-response.js';
import type { MessageLayer, Transmission } from './message-layer.js';
import { responseOptions, type WireRequest, type WireResponse } from './options.js';
import type { CoapParams } from './params.js';
import type { Protection } from './protection.js';
import type { Exchange } from './types.js';

export interface ObserverDeps {
  readonly handle: WireHandler;
  readonly layer: MessageLayer;
  readonly clock: Clock;
  readonly params: CoapParams;
  readonly onCount: OnCount;
  readonly protect: Protection;
  readonly errors: ErrorResponses;
  /** The next Observe number of a resource, 24 bits. */
  readonly observeNumbers: (observable: string) => number;
}

/** What an observer asked for, and who it is. */
export interface Registration {
  readonly observable: string;
  readonly request: WireRequest;
  readonly exchange: Exchange;
}

/**
 * One observer of a resource of ours (RFC 7641 §4): one confirmable notification is in flight to it; states that come
 * meanwhile take one another's place, and that of the notification where it must be sent again, so that the newest always
 * arrives. It is gone once it resets or never acknowledges, or after an answer that is no success.
 */
export class Observer {
  readonly #deps: ObserverDeps;
  readonly #registration: Registration;
  readonly #onGone: () => void;
  #isGone = false;
  /** The handler runs for it, and the state changed since. */
  #isRunning = false;
  #again = false;
  #inFlight: Transmission | undefined;
  /** The newer state that waits behind what is in flight. */
  #waiting: WireResponse | undefined;
  /** Message ids of the non-confirmable ones since the last that was acknowledged. */
  #unconfirmed: number[] = [];
  #lastSentMs: number;
  /** How long the last acknowledgement took. */
  #roundTripMs = Infinity;

  constructor(deps: ObserverDeps, registration: Registration, onGone: () => void) {
    this.#deps = deps;
    this.#registration = registration;
    this.#onGone = onGone;
    this.#lastSentMs = deps.clock.monotonicMs();
  }

  /** Tells it the state, as the handler answers now. */
  async refresh(): Promise<void> {
    if (this.#isRunning) {
      this.#again = true;
      return;
    }
    const { handle, errors } = this.#deps;
    const { request, exchange } = this.#registration;
    this.#isRunning = true;
    do {
      this.#again = false;
      let response: WireResponse;
      try {
        // After what is under way: the response to the registration goes out before its first notification.
        response = await Promise.resolve().then(() => handle(request, exchange));
      } catch (error) {
        response = errors.of(error);
      }
      if (this.#isGone) return;
      if (this.#inFlight === undefined) this.#send(response);
      else this.#waiting = response;
    } while (this.#again && !this.#hasGone());
    this.#isRunning = false;
  }

  /** Whether a reset of this message id is of a notification that was not confirmable; if so it is gone. */
  reset(messageId: number): boolean {
    if (!this.#unconfirmed.includes(messageId)) return false;
    this.#inFlight?.stop();
    this.#lost();
    return true;
  }

  /** Nothing more goes to it. */
  stop(): void {
    this.#inFlight?.stop();
    this.#leave();
  }

  #send(response: WireResponse): void {
    const { layer, clock, params } = this.#deps;
    const { peer, confirmable: asked } = this.#registration.exchange;
    const nowMs = clock.monotonicMs();
    // RFC 7641 §4.5: a non-confirmable one at most once in a round trip, and a confirmable one every so often.
    const isConfirmable =
      asked ||
      !isSuccess(response.code) ||
      this.#unconfirmed.length + 1 >= params.confirmEvery ||
      nowMs - this.#lastSentMs < this.#roundTripMs;
    const message = this.#message(response, isConfirmable ? 'CON' : 'NON');
    if (message === undefined) return;
    this.#lastSentMs = nowMs;
    if (!isConfirmable) {
      this.#unconfirmed.push(message.messageId);
      layer.send(message, peer);
      return;
    }
    let transmissions = 0;
    const onLost = (): void => this.#lost();
    this.#inFlight = layer.sendConfirmable(message, peer, {
      onTransmit: count => {
        transmissions = count;
      },
      renew: () => {
        const waiting = this.#takeWaiting();
        return waiting === undefined ? undefined : this.#message(waiting, 'CON');
      },
      onAcknowledged: () => {
        this.#inFlight = undefined;
        this.#unconfirmed = [];
        if (transmissions === 1) this.#roundTripMs = clock.monotonicMs() - nowMs;
        const waiting = this.#takeWaiting();
        if (waiting !== undefined && !this.#isGone) this.#send(waiting);
      },
      onReset: onLost,
      onGiveUp: onLost,
    });
  }

  #takeWaiting(): WireResponse | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting;
  }

  /**
   * A message that can be sent; `undefined` where not even an error can be told. Whoever is told of an error is told nothing
   * more (RFC 7641 §4.2).
   */
  #message(response: WireResponse, type: 'CON' | 'NON'): Message | undefined {
    const { onCount, errors } = this.#deps;
    for (let sent = response, tries = 0; tries < 2; tries++) {
      try {
        const message = this.#build(sent, type);
        if (!isSuccess(sent.code)) this.#leave();
        onCount('notified');
        return message;
      } catch (error) {
        sent = errors.broken(error);
      }
    }
    this.#leave();
    return undefined;
  }

  #build({ observe: _, ...response }: WireResponse, type: 'CON' | 'NON'): Message {
    const { layer, protect, observeNumbers } = this.#deps;
    const { observable, exchange } = this.#registration;
    const { peer, token } = exchange;
    const { code, payload = NO_BYTES } = response;
    const numbered = isSuccess(code) ? { ...response, observe: observeNumbers(observable) } : response;
    const options = responseOptions(numbered);
    const message = protect.seal({ type, code, messageId: layer.nextMessageId(peer), token, options, payload }, peer);
    encodeMessage(message);
    return message;
  }

  #lost(): void {
    if (!this.#isGone) this.#deps.onCount('observerLost');
    this.#leave();
  }

  #leave(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#waiting = undefined;
    this.#onGone();
  }

  /** Asked anew: it may have gone while it was told. */
  #hasGone(): boolean {
    return this.#isGone;
  }
}
