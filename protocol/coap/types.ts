/** A UDP address. */
export interface Peer {
  readonly address: string;
  readonly port: number;
}

/** A datagram socket, as much of it as the endpoint needs; the test double is a simulated link. */
export interface DatagramPort extends AsyncDisposable {
  readonly local: Peer;
  /** Never throws: a datagram that cannot be sent is a lost one. */
  send(bytes: Uint8Array, peer: Peer): void;
  /** One listener; set once by the endpoint. */
  onDatagram(listener: (bytes: Uint8Array, peer: Peer) => void): void;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** Content-Formats of the IANA registry that we use (RFC 8428 §12, RFC 8742 §6, RFC 6690, RFC 7252 §12.3). */
export const FORMAT = {
  text: 0,
  linkFormat: 40,
  octets: 42,
  json: 50,
  cbor: 60,
  cborSeq: 63,
  senmlJson: 110,
  senmlCbor: 112,
} as const;

export interface CoapRequest {
  readonly method: Method;
  /** Uri-Path segments, without slashes. */
  readonly path: readonly string[];
  /** Uri-Query items, e.g. `v=1`. */
  readonly query?: readonly string[];
  readonly payload?: Uint8Array;
  readonly contentFormat?: number;
  readonly accept?: number;
  readonly etags?: readonly Uint8Array[];
  /** RFC 7641: 0 registers, 1 deregisters. */
  readonly observe?: number;
}

/** `code` as in RFC 7252 §5.9: '2.04', '4.00', … */
export interface CoapResponse {
  readonly code: string;
  readonly payload?: Uint8Array;
  readonly contentFormat?: number;
  readonly etag?: Uint8Array;
  readonly maxAgeS?: number;
  readonly observe?: number;
  /**
   * Of what a handler answers to GET: the resource may be observed (RFC 7641), and a change of it is told by
   * `changed(observable)`. Does not go over the wire.
   */
  readonly observable?: string;
}

/** Who asks, and how the exchange is known. */
export interface Exchange {
  readonly peer: Peer;
  readonly messageId: number;
  readonly token: Uint8Array;
  readonly confirmable: boolean;
}

/** Answers a request; a rejected promise becomes 5.00 (or the 4.xx/5.xx of an EdgetwinError's status). */
export type CoapHandler = (request: CoapRequest, exchange: Exchange) => CoapResponse | Promise<CoapResponse>;

export interface RequestOptions {
  readonly signal?: AbortSignal;
  /** Gives up (COAP_TIMEOUT) when no whole response came within this time; an empty ACK does not count. */
  readonly timeoutMs?: number;
  readonly confirmable?: boolean;
  /** First wait for an acknowledgement, before its jitter, where more is known than ACK_TIMEOUT. */
  readonly ackTimeoutMs?: number;
  /** Blocks of at most 16 << szx bytes both ways (RFC 7959 §2.2), 0 to 6; default the endpoint's own. */
  readonly blockSzx?: number;
  /** Called at each transmission, the first included; of a transfer in blocks, at each of each block. */
  readonly onTransmit?: (count: number) => void;
  /**
   * Called once with a handle on the running exchange, once per block of a transfer in blocks: `retransmit()` sends the
   * same message again at once.
   */
  readonly onOpen?: (running: { retransmit(): void }) => void;
}

/** As of a request, `timeoutMs` for each registration. */
export type ObserveOptions = Pick<RequestOptions, 'signal' | 'timeoutMs' | 'confirmable' | 'ackTimeoutMs' | 'blockSzx'>;

/** Client and server on one socket: RFC 7252 reliability and dedup, RFC 7641 observations, RFC 7959 blocks. */
export interface CoapEndpoint extends AsyncDisposable {
  readonly local: Peer;
  /**
   * Sends what is larger than a block in blocks, and fetches such answers whole. Rejects with COAP_TIMEOUT, COAP_RESET,
   * COAP_BUSY, COAP_CLOSED, COAP_BLOCKS or the signal's reason.
   */
  request(peer: Peer, request: CoapRequest, options?: RequestOptions): Promise<CoapResponse>;
  /**
   * The states of a resource, the newest each time; what a slow reader misses is left out. Registers again some seconds
   * after the newest is no longer fresh. Ends after an answer that is no success; rejects as `request` does. Leaving the
   * loop, or the signal (by its reason), ends the observation at the peer, too.
   */
  observe(peer: Peer, request: CoapRequest, options?: ObserveOptions): AsyncGenerator<CoapResponse, void, void>;
  /** What a handler named `observable` has another state: its observers are told. Cheap where there is none. */
  changed(observable: string): void;
  /** Whether anything of ours is observed. */
  readonly isObserved: boolean;
}
