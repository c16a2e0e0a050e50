import type { WireHandler } from './block-server.js';
import { latin1 } from './client-exchanges.js';
import { isSuccess } from './codes.js';
import { Observer, type ObserverDeps } from './observer.js';
import type { WireRequest, WireResponse } from './options.js';
import { Tally } from './tally.js';
import type { Exchange, Peer } from './types.js';

export interface ObserversDeps extends ObserverDeps {
  readonly peerKey: (peer: Peer) => string;
  /** What of ours an observation counts for, beside the peer. */
  readonly groupOf: (observable: string) => string;
}

const REGISTER = 0;
const DEREGISTER = 1;

/** Observers of our resources, within their bounds: who registers, who leaves, and who is to be told (RFC 7641 §4.1, §4.2). */
export class Observers {
  readonly #deps: ObserversDeps;
  /** By peer and token: a new registration of the same takes the place of the old (RFC 7641 §4.1). */
  readonly #byId = new Map<string, Observer>();
  readonly #byPeer = new Map<string, Set<Observer>>();
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
    const id = `${this.#deps.peerKey(exchange.peer)} ${latin1(exchange.token)}`;
    if (observe === DEREGISTER) this.#byId.get(id)?.stop();
    if (observe !== REGISTER) return handle(request, exchange);
    this.#registering++;
    let result: WireResponse | Promise<WireResponse>;
    try {
      result = handle(request, exchange);
    } catch (error) {
      this.#registered();
      throw error;
    }
    if (!(result instanceof Promise)) return this.#answer(id, request, exchange, result);
    return result.then(
      response => this.#answer(id, request, exchange, response),
      (error: unknown) => {
        this.#registered();
        throw error;
      },
    );
  };

  /** Tells the observers of a resource its state, as the handler answers now. */
  changed(observable: string): void {
    if (this.#registering > 0) this.#changed.add(observable);
    for (const observer of this.#byObservable.get(observable) ?? []) void observer.refresh();
  }

  /** A reset came for a message that waits for no acknowledgement: whether it was a notification. */
  reset(peer: Peer, messageId: number): boolean {
    for (const observer of this.#byPeer.get(this.#deps.peerKey(peer)) ?? []) if (observer.reset(messageId)) return true;
    return false;
  }

  close(): void {
    for (const observer of [...this.#byId.values()]) observer.stop();
  }

  #answer(id: string, request: WireRequest, exchange: Exchange, response: WireResponse): WireResponse {
    const { observable } = response;
    this.#byId.get(id)?.stop();
    const observer =
      observable === undefined || !isSuccess(response.code) ? undefined : this.#add(id, observable, request, exchange);
    // Its state may be older than a change that came while the handler ran.
    if (observer !== undefined && observable !== undefined && this.#changed.has(observable)) void observer.refresh();
    this.#registered();
    return observer === undefined || observable === undefined
      ? response
      : { ...response, observe: this.#deps.observeNumbers(observable) };
  }

  #add(id: string, observable: string, request: WireRequest, exchange: Exchange): Observer | undefined {
    const peer = this.#deps.peerKey(exchange.peer);
    const group = this.#deps.groupOf(observable);
    const mayPeer = this.#tally.take(peer);
    if (!mayPeer || !this.#groups.take(group)) {
      if (mayPeer) this.#tally.give(peer);
      this.#deps.onCount('observationRefused');
      return undefined;
    }
    const observer = new Observer(this.#deps, { observable, request, exchange }, () => {
      this.#byId.delete(id);
      this.#tally.give(peer);
      this.#groups.give(group);
      takeOut(this.#byPeer, peer, observer);
      takeOut(this.#byObservable, observable, observer);
    });
    this.#byId.set(id, observer);
    putIn(this.#byPeer, peer, observer);
    putIn(this.#byObservable, observable, observer);
    return observer;
  }

  #registered(): void {
    if (--this.#registering === 0) this.#changed.clear();
  }
}

function putIn<T>(sets: Map<string, Set<T>>, key: string, item: T): void {
  const there = sets.get(key);
  if (there === undefined) sets.set(key, new Set([item]));
  else there.add(item);
}

function takeOut<T>(sets: Map<string, Set<T>>, key: string, item: T): void {
  const there = sets.get(key);
  there?.delete(item);
  if (there?.size === 0) sets.delete(key);
}
