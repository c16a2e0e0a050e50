import type { Clock, Timers } from '../../common/clock.js';
import { EdgetwinError, codeOf, messageOf } from '../../common/errors.js';
import { silentLog, type Log } from '../../common/log.js';
import { fault } from '../errors.js';
import { BlockServer } from './block-server.js';
import { BlockClient, type ExchangeOnce } from './client-blocks.js';
import { ClientExchanges, latin1 } from './client-exchanges.js';
import { observe } from './client-observe.js';
import { NO_BYTES, decodeHeader, decodeMessage, type Message } from './codec.js';
import { EMPTY, isRequest } from './codes.js';
import { IN, type OnCount } from './counts.js';
import { ErrorBudget } from './error-budget.js';
import { errorResponses } from './error-response.js';
import { MessageLayer } from './message-layer.js';
import { clockNumbers } from './observe-order.js';
import { Observers } from './observers.js';
import { DEFAULT_PARAMS, type CoapParams } from './params.js';
import { PLAIN, type Protection } from './protection.js';
import { ServerExchanges, type ExchangeKey } from './server-exchanges.js';
import type { CoapEndpoint, CoapHandler, DatagramPort, ObserveOptions, Peer, RequestOptions } from './types.js';

export interface CoapEndpointOptions {
  /** The endpoint owns it from now on and closes it with itself. */
  readonly port: DatagramPort;
  readonly handler: CoapHandler;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Uniform in [0, 1): jitter, tokens, the first message id. `secureRandom` outside of tests. */
  readonly random: () => number;
  readonly log?: Log;
  readonly onCount?: OnCount;
  readonly params?: Partial<CoapParams>;
  /** Names whoever sends; default address and port. By address alone where a switch writes tags into the source port. */
  readonly peerKey?: (peer: Peer) => string;
  /**
   * Names a message for the dedup memory; default peer, message id and token. RFC 7252 §4.5 asks for peer and message
   * id; a duplicate repeats the token as well, and a peer that wraps its ids too early is not answered for another message.
   */
  readonly exchangeKey?: ExchangeKey;
  /** Next message id for a peer; default one counter from a random start. */
  readonly messageIds?: (peer: Peer) => number;
  /** First bytes, at most four, of tokens of requests to a peer (a twin's epoch); default none. */
  readonly tokenPrefix?: (peer: Peer) => Uint8Array;
  /** The Observe number of the next notification of a resource, 24 bits; default by the clock, over all resources. */
  readonly observeNumbers?: (observable: string) => number;
  /** What an observation counts for, beside the peer (`maxObservationsPerGroup`); default itself. */
  readonly observableGroup?: (observable: string) => string;
  readonly protect?: Protection;
}

const ignore = (): void => undefined;
const byAddressAndPort = (peer: Peer): string => `${peer.address}:${peer.port}`;

/** Client and server on one socket (RFC 7252, 7641, 7959). It listens as soon as this returns. */
export function openCoapEndpoint(options: CoapEndpointOptions): CoapEndpoint {
  const { port, handler, clock, timers, random } = options;
  const { log = silentLog, onCount = ignore, protect = PLAIN, peerKey = byAddressAndPort } = options;
  const params = { ...DEFAULT_PARAMS, ...options.params };
  const budget = new ErrorBudget(params.errorRepliesPerSecond);
  let lastMessageId = Math.floor(random() * 65_536);
  const layer = new MessageLayer({
    send: (bytes, peer) => port.send(bytes, peer),
    timers,
    random,
    params,
    onCount,
    peerKey,
    messageIds: options.messageIds ?? (() => (lastMessageId = (lastMessageId + 1) & 0xffff)),
  });
  const shared = {
    layer,
    clock,
    timers,
    params,
    onCount,
    protect,
    peerKey,
    exchangeKey: options.exchangeKey ?? ((peer, messageId, token) => `${peerKey(peer)} ${messageId} ${latin1(token)}`),
  };
  const errors = errorResponses(log, onCount);
  const blockServer = new BlockServer({ ...shared, handler });
  const observers = new Observers({
    ...shared,
    errors,
    handle: blockServer.handle,
    groupOf: options.observableGroup ?? (observable => observable),
    observeNumbers: options.observeNumbers ?? clockNumbers(() => clock.nowMs()),
  });
  const server = new ServerExchanges({ ...shared, handler: observers.handle, errors, budget });
  const client = new ClientExchanges({ ...shared, random, tokenPrefix: options.tokenPrefix ?? (() => NO_BYTES) });
  let closed = false;
  const exchange: ExchangeOnce = (peer, request, exchangeOptions) =>
    closed
      ? Promise.reject(fault('COAP_CLOSED', `${peer.address}:${peer.port}`))
      : client.exchange(peer, request, exchangeOptions);
  const blocks = new BlockClient({ exchange, clock, params, random });

  /** RFC 7252 §4.2 and §4.3: errors of form are reset where confirmable; a request is told what is wrong with it. */
  const onMalformed = (bytes: Uint8Array, peer: Peer, error: unknown): void => {
    const header = decodeHeader(bytes);
    if (header === undefined || header.type === 'ACK' || header.type === 'RST') return onCount('malformedSilent');
    const { type, messageId, token } = header;
    const answers = token !== undefined && isRequest(header.code);
    if ((type === 'NON' && !answers) || !budget.take(peer.address, clock.monotonicMs()))
      return onCount('malformedSilent');
    if (!answers) {
      onCount('malformedReset');
      return layer.sendEmpty('RST', messageId, peer);
    }
    onCount('malformedAnswered');
    const payload = Buffer.from(error instanceof EdgetwinError ? error.detail : 'malformed');
    const id = type === 'CON' ? messageId : layer.nextMessageId(peer);
    layer.send(
      { type: type === 'CON' ? 'ACK' : 'NON', code: '4.00', messageId: id, token, options: [], payload },
      peer,
    );
  };

  const onMessage = (message: Message, peer: Peer): void => {
    const { type, code, messageId } = message;
    onCount(IN[type]);
    if (type === 'RST') {
      if (layer.reset(peer, messageId) || observers.reset(peer, messageId)) onCount('reset');
    } else if (type === 'ACK') {
      layer.acknowledged(peer, messageId);
      if (code !== EMPTY) client.receive(message, peer);
    } else if (code === EMPTY) layer.sendEmpty('RST', messageId, peer);
    else if (isRequest(code)) server.receive(message, peer);
    else client.receive(message, peer);
  };

  port.onDatagram((bytes, peer) => {
    if (closed) return;
    let message: Message;
    try {
      message = decodeMessage(bytes);
    } catch (error) {
      onMalformed(bytes, peer, error);
      return;
    }
    try {
      onMessage(message, peer);
    } catch (error) {
      log.error({ event: 'coap.failed', code: codeOf(error), error: messageOf(error) });
    }
  });

  return {
    local: port.local,
    request: (peer, request, requestOptions: RequestOptions = {}) => blocks.request(peer, request, requestOptions),
    observe: (peer, request, observeOptions: ObserveOptions = {}) =>
      observe({ client, exchange, blocks, clock, timers, random, params }, peer, request, observeOptions),
    changed: observable => observers.changed(observable),
    get isObserved() {
      return observers.isObserved;
    },
    async [Symbol.asyncDispose]() {
      if (closed) return;
      closed = true;
      observers.close();
      server.close();
      client.close();
      layer.close();
      await port[Symbol.asyncDispose]();
    },
  };
}
