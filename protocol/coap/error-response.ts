import { EdgetwinError, codeOf, messageOf } from '../../common/errors.js';
import type { Log } from '../../common/log.js';
import { codeOfStatus } from './codes.js';
import type { OnCount } from './counts.js';
import type { CoapResponse } from './types.js';

/** Errors as responses. */
export interface ErrorResponses {
  /** Of a handler: an EdgetwinError by its status, with its code and detail; anything else is ours. */
  of(error: unknown): CoapResponse;
  /** Ours: 5.00 without words, logged and counted. */
  broken(error: unknown): CoapResponse;
}

export function errorResponses(log: Log, onCount: OnCount): ErrorResponses {
  const broken = (error: unknown): CoapResponse => {
    onCount('handlerFailed');
    log.error({ event: 'coap.handler-failed', code: codeOf(error), error: messageOf(error) });
    return { code: '5.00' };
  };
  return {
    broken,
    of(error) {
      if (!(error instanceof EdgetwinError) || error.status === 500) return broken(error);
      const code = codeOfStatus(error.status);
      const payload = Buffer.from(`${error.code}: ${error.detail}`);
      return { code, payload, ...(code === '5.03' ? { maxAgeS: 1 } : {}) };
    },
  };
}
