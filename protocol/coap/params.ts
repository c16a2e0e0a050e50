/** Times and bounds of one endpoint. Times default to RFC 7252 §4.8. */
export interface CoapParams {
  readonly ackTimeoutMs: number;
  readonly ackRandomFactor: number;
  readonly maxRetransmit: number;
  /** EXCHANGE_LIFETIME: how long a message id names one message; also the longest wait for a response. */
  readonly exchangeLifetimeMs: number;
  /** A request whose handler takes longer is acknowledged by an empty message, its response follows on its own. */
  readonly ackDelayMs: number;
  /** Our own requests in flight to one peer (NSTART, as the application widens it); beyond: COAP_BUSY. */
  readonly maxExchangesPerPeer: number;
  /** Our own requests in flight to all peers; beyond: COAP_BUSY. */
  readonly maxExchanges: number;
  /** Requests of one peer whose handler runs or whose separate response is not acknowledged; beyond: 5.03. */
  readonly maxInboundPerPeer: number;
  /** The same over all peers. */
  readonly maxInbound: number;
  /** Exchanges remembered for duplicates, per generation; two generations are kept. */
  readonly dedupPerGeneration: number;
  /** Error replies and resets to one address within a second; beyond, bad datagrams are counted in silence. */
  readonly errorRepliesPerSecond: number;
}

export const DEFAULT_PARAMS: CoapParams = {
  ackTimeoutMs: 2_000,
  ackRandomFactor: 1.5,
  maxRetransmit: 4,
  exchangeLifetimeMs: 247_000,
  ackDelayMs: 500,
  maxExchangesPerPeer: 16,
  maxExchanges: 16_384,
  maxInboundPerPeer: 1_024,
  maxInbound: 16_384,
  dedupPerGeneration: 65_536,
  errorRepliesPerSecond: 10,
};
