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
  /** Largest block, sent and asked for: 16 << szx bytes (RFC 7959 §2.2). */
  readonly blockSzx: number;
  /** Largest body that is put together from blocks, either way; beyond: 4.13, or COAP_BLOCKS. */
  readonly maxBodyBytes: number;
  /** Transfers of one peer that are kept, each way; beyond, its oldest goes. */
  readonly maxTransfersPerPeer: number;
  /** Bytes of the transfers of all peers, each way; beyond, the oldest go. */
  readonly maxTransferBytes: number;
  /** Observations by one peer, and of ours at one peer; beyond: answered without Observe, and COAP_BUSY. */
  readonly maxObservationsPerPeer: number;
  /** Observations of ours that count for the same thing (`observableGroup`), by whatever peers; beyond: answered without Observe. */
  readonly maxObservationsPerGroup: number;
  /** The same over all peers. */
  readonly maxObservations: number;
  /** Of the notifications to an observer that asked by a non-confirmable message, one in so many is confirmable. */
  readonly confirmEvery: number;
  /** How long after its last state is stale an observation is registered again (RFC 7641 §3.3.1): from, and at most so much more. */
  readonly registerAgainMs: number;
  readonly registerAgainSpreadMs: number;
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
  blockSzx: 6,
  maxBodyBytes: 65_536,
  maxTransfersPerPeer: 8,
  maxTransferBytes: 16 * 1_024 * 1_024,
  maxObservationsPerPeer: 256,
  maxObservationsPerGroup: Infinity,
  maxObservations: 4_096,
  confirmEvery: 5,
  registerAgainMs: 5_000,
  registerAgainSpreadMs: 10_000,
};
