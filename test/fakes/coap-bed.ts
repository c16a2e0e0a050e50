import { seededRandom } from '../../lab/seeded-random.js';
import { decodeMessage, encodeMessage, NO_BYTES, type Message } from '../../protocol/coap/codec.js';
import { openCoapEndpoint, type CoapEndpointOptions } from '../../protocol/coap/endpoint.js';
import type { CoapHandler, CoapResponse, DatagramPort, Peer } from '../../protocol/coap/types.js';
import { fakeClock } from './fake-clock.js';
import { simulatedLink, type LinkFaults } from './simulated-link.js';

export const DEVICE: Peer = { address: '127.112.0.1', port: 5683 };
export const HOST: Peer = { address: '127.96.0.1', port: 5683 };

/** A link in memory on a clock that stands still: `open` binds an endpoint to it, `raw` a port whose datagrams are kept in `received`. */
export function coapBed(faults: LinkFaults = {}, seed = 1) {
  const clock = fakeClock();
  const random = seededRandom(seed);
  const link = simulatedLink(clock, random, faults);
  const counts = new Map<string, number>();
  const received: Message[] = [];
  const open = (local: Peer, handler: CoapHandler, options: Partial<CoapEndpointOptions> = {}) =>
    openCoapEndpoint({
      port: link.port(local),
      handler,
      clock,
      timers: clock,
      random,
      onCount: kind => counts.set(kind, (counts.get(kind) ?? 0) + 1),
      ...options,
    });
  const raw = (local: Peer): DatagramPort => {
    const port = link.port(local);
    port.onDatagram(bytes => received.push(decodeMessage(bytes)));
    return port;
  };
  return { clock, link, counts, received, open, raw };
}

/** A datagram: what is not given is that of a confirmable POST. */
export const message = (fields: Partial<Message>): Uint8Array =>
  encodeMessage({
    type: 'CON',
    code: '0.02',
    messageId: 7,
    token: Buffer.from('t'),
    options: [],
    payload: NO_BYTES,
    ...fields,
  });
export const shown = (received: readonly Message[]): string[] =>
  received.map(({ type, code, messageId }) => `${type} ${code} ${messageId}`);
export const text = (found: CoapResponse | undefined): string => Buffer.from(found?.payload ?? []).toString();
