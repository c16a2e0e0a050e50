import type { CoapResponse } from '../protocol/coap/types.js';

/** An answer that names its error, `CODE: words`, as a diagnostic payload (RFC 7252 §5.5.2). */
export const refusal = (code: string, words: string, maxAgeS?: number): CoapResponse => ({
  code,
  payload: Buffer.from(words),
  ...(maxAgeS === undefined ? {} : { maxAgeS }),
});
