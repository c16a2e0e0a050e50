import type { HttpClient } from '../../protocol/api/http-client.js';
import {
  FORMAT,
  type CoapEndpoint,
  type CoapRequest,
  type CoapResponse,
  type Peer,
  type RequestOptions,
} from '../../protocol/coap/types.js';
import { splitBatch } from '../../protocol/report-batch.js';

/** Addresses of documentation (RFC 5737): nothing is ever sent to them. */
export const TWIN: Peer = { address: '192.0.2.1', port: 5683 };
const DEVICE: Peer = { address: '192.0.2.2', port: 5683 };

/** An authority that knows one vehicle, in this process. */
export const nearManager = (vehicle: string): Pick<HttpClient, 'call'> => ({
  call: (_method, _path, { answer } = {}) =>
    Promise.resolve().then(() => {
      const registration: unknown = { vehicle, number: 1, twin: TWIN, nextBoot: 1 };
      return (answer === undefined ? undefined : answer.parse(registration)) as never;
    }),
});

/** A twin in this process that has each report at once, and asks for nothing. */
export function nearTwin(onReport: (bytes: Uint8Array) => void): CoapEndpoint {
  const twin = {
    local: DEVICE,
    request: async (_peer: Peer, asked: CoapRequest, options?: RequestOptions): Promise<CoapResponse> => {
      await Promise.resolve();
      options?.onTransmit?.(1);
      const { payload = new Uint8Array(), contentFormat } = asked;
      for (const bytes of contentFormat === FORMAT.cborSeq ? splitBatch(payload) : [payload]) onReport(bytes);
      return { code: '2.04' };
    },
    observe: async function* (): AsyncGenerator<CoapResponse, void, void> {
      await Promise.resolve();
    },
    changed: () => undefined,
    isObserved: false,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return twin;
}
