import { FORMAT, type CoapHandler } from '../protocol/coap/types.js';
import type { AgentStatus } from './agent-deps.js';

/**
 * `GET /status` by CoAP: what `/v1/status` shows, as JSON, in blocks where it is larger than one (RFC 7959); 5.03 until the
 * agent can tell it. Everything else goes on to `next`.
 */
export function withStatus(status: () => AgentStatus | undefined, next: CoapHandler): CoapHandler {
  return (request, exchange) => {
    if (request.path.length !== 1 || request.path[0] !== 'status') return next(request, exchange);
    if (request.method !== 'GET') return { code: '4.05' };
    const found = status();
    if (found === undefined) return { code: '5.03', maxAgeS: 1 };
    return { code: '2.05', contentFormat: FORMAT.json, payload: Buffer.from(JSON.stringify(found)), maxAgeS: 1 };
  };
}
