import type { Clock } from '../../common/clock.js';
import {
  FORMAT,
  type CoapEndpoint,
  type CoapRequest,
  type CoapResponse,
  type Peer,
} from '../../protocol/coap/types.js';
import { encodeBatch } from '../../protocol/report-batch.js';
import { REPORT_VERSION } from '../../protocol/report.js';
import type { RoundTrip } from './round-trip.js';

export interface PostOptions {
  readonly endpoint: Pick<CoapEndpoint, 'request'>;
  readonly roundTrip: RoundTrip;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called at each transmission. */
  readonly onTransmit: () => void;
}

/** One datagram of reports, on its way to the twin: one exchange. */
export class Post {
  readonly #options: PostOptions;
  readonly #request: CoapRequest;
  #retransmit: (() => void) | undefined;
  #sentAtMs = 0;
  #copies = 0;

  constructor(reports: readonly Uint8Array[], options: PostOptions) {
    this.#options = options;
    const [only] = reports;
    const isBatch = reports.length > 1;
    this.#request = {
      method: 'POST',
      path: ['r'],
      query: [`v=${REPORT_VERSION}`],
      payload: isBatch ? encodeBatch(reports) : (only ?? new Uint8Array()),
      contentFormat: isBatch ? FORMAT.cborSeq : FORMAT.senmlCbor,
    };
  }

  /** Rejects as `CoapEndpoint.request` does. What is learnt of the round trip is noted. */
  async send(twin: Peer): Promise<CoapResponse> {
    const { endpoint, roundTrip, clock, signal, onTransmit } = this.#options;
    this.#sentAtMs = clock.monotonicMs();
    try {
      const response = await endpoint.request(twin, this.#request, {
        confirmable: true,
        timeoutMs: roundTrip.answerMs,
        ackTimeoutMs: roundTrip.ackTimeoutMs(this.#sentAtMs),
        signal,
        onTransmit: () => {
          this.#copies++;
          onTransmit();
        },
        onOpen: running => {
          this.#retransmit = () => running.retransmit();
        },
      });
      const nowMs = clock.monotonicMs();
      if (response.code === '2.04') roundTrip.answered(nowMs - this.#sentAtMs, this.#copies, nowMs);
      return response;
    } finally {
      this.#retransmit = undefined;
    }
  }

  /** The same message again, while it is under way. */
  retransmit(): void {
    this.#retransmit?.();
  }
}
