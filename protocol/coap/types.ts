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
  /** Gives up (COAP_TIMEOUT) when no response came within this time; an empty ACK does not count. */
  readonly timeoutMs?: number;
  readonly confirmable?: boolean;
  /** First wait for an acknowledgement, before its jitter, where more is known than ACK_TIMEOUT. */
  readonly ackTimeoutMs?: number;
  /** Called at each transmission, the first included. */
  readonly onTransmit?: (count: number) => void;
  /** Called once with a handle on the running exchange: `retransmit()` sends the same message again at once. */
  readonly onOpen?: (running: { retransmit(): void }) => void;
}

/** Client and server on one socket (RFC 7252 reliability and dedup). */
export interface CoapEndpoint extends AsyncDisposable {
  readonly local: Peer;
  /** Rejects with COAP_TIMEOUT, COAP_RESET, COAP_BUSY, COAP_CLOSED or the signal's reason. */
  request(peer: Peer, request: CoapRequest, options?: RequestOptions): Promise<CoapResponse>;
}
