import { UNCONFIRMED_BIT, aliasAddress, type AddressPlan } from '../protocol/addresses.js';
import type { Clock, Timers } from '../common/clock.js';
import type { Log } from '../common/log.js';
import type { Metrics } from '../common/metrics.js';
import { countInto } from '../protocol/coap/counts.js';
import { clockNumbers } from '../protocol/coap/observe-order.js';
import { openCoapEndpoint } from '../protocol/coap/endpoint.js';
import { FORMAT, type CoapEndpoint, type CoapHandler, type DatagramPort, type Peer } from '../protocol/coap/types.js';
import { isIpv6 } from '../protocol/ipv6.js';
import type { MetricName } from '../protocol/metrics.js';
import { aliasReader } from './alias-of.js';
import type { Ingest } from './ingest/ingest.js';
import { linkFormat, type Discoverable } from './query/link-format.js';
import { vehicleOf } from './query/observable.js';
import type { Reads } from './query/read.js';
import { TwinLimits } from './limits/twin-limits.js';
import { refusal } from './refusal.js';
import type { Resident, Residents } from './residents.js';
import type { Slots } from './twin/slots.js';

/** Tells of each datagram of a resident, duplicates included, before the endpoint sees it; those that do not `pass` it never sees. */
export function listening(
  port: DatagramPort,
  heard: (peer: Peer) => void,
  passes: (peer: Peer) => boolean = () => true,
): DatagramPort {
  return {
    local: port.local,
    send: (bytes, peer) => port.send(bytes, peer),
    onDatagram: listener =>
      port.onDatagram((bytes, peer) => {
        heard(peer);
        if (passes(peer)) listener(bytes, peer);
      }),
    [Symbol.asyncDispose]: () => port[Symbol.asyncDispose](),
  };
}

/** Notes when and from where a vehicle was heard last. */
export function hearing(residents: Residents, clock: Clock): (peer: Peer) => void {
  return peer => {
    const resident = residents.ofAlias(peer.address);
    if (resident === undefined) return;
    resident.heardAtMs = clock.monotonicMs();
    // An unconfirmed tag may be anybody's: what this host asks the car does not go there (docs/decisions/trust.md).
    if (peer.port < UNCONFIRMED_BIT) resident.lastPeer = peer;
  };
}

/** Message id and token as eleven characters: one is made for every datagram, and kept for minutes. */
function messageKey(id: number, token: Uint8Array): string {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = token;
  return String.fromCharCode(id >> 8, id & 255, token.length, a, b, c, d, e, f, g, h);
}

function* discoverable(residents: Iterable<Resident>): Generator<Discoverable> {
  for (const { vehicle, twin } of residents) yield { vehicle, signals: twin.signals() };
}

/** What a host serves by CoAP: reports, reads, discovery. */
export function hostHandler(ingest: Ingest, reads: Reads, residents: Residents): CoapHandler {
  return (request, exchange) => {
    const { method, path } = request;
    const [first, second] = path;
    if (first === 'r' && path.length === 1)
      return method === 'POST' ? ingest.handle(request, exchange) : refusal('4.05', 'REQUEST_INVALID: POST only');
    if (first === 'v')
      return method === 'GET' ? reads.handle(request, path.slice(1)) : refusal('4.05', 'REQUEST_INVALID: GET only');
    if (method === 'GET' && first === '.well-known' && second === 'core' && path.length === 2) {
      const links = linkFormat(discoverable(residents.all()), request.query ?? []);
      return { code: '2.05', payload: Buffer.from(links), contentFormat: FORMAT.linkFormat };
    }
    return refusal('4.04', `NOT_FOUND: ${method} /${path.join('/')}`);
  };
}

export interface HostEndpointOptions {
  readonly port: DatagramPort;
  readonly handler: CoapHandler;
  readonly limits: Pick<TwinLimits, 'hears'>;
  /** Observers of the signals of one vehicle at most. */
  readonly observersPerTwin: number;
  readonly residents: Residents;
  readonly slots: Slots;
  readonly plan: AddressPlan;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
}

/**
 * The endpoint of a host. A vehicle is known by its alias alone, of either family, because a move changes the tag in its
 * port: a duplicate is (vehicle, message id, token) (DESIGN §5). Requests to it go on with the message ids of its twin, and their tokens begin
 * with the epoch, so that its memory of the twin before cannot mistake them (DESIGN §6).
 */
export function openHostEndpoint(options: HostEndpointOptions): CoapEndpoint {
  const { residents, slots, random, plan } = options;
  const numberOf = aliasReader(plan);
  const peerKey = ({ address, port }: Peer): string => {
    const number = numberOf(address);
    if (number === undefined) return `${address}:${port}`;
    return isIpv6(address) ? aliasAddress(plan, number) : address;
  };
  let messageId = Math.floor(random() * 65_536);
  const otherNumbers = clockNumbers(() => options.clock.nowMs());
  return openCoapEndpoint({
    port: listening(
      options.port,
      hearing(residents, options.clock),
      peer => numberOf(peer.address) === undefined || options.limits.hears(TwinLimits.shareOf(peerKey(peer), peer)),
    ),
    params: { maxObservationsPerGroup: options.observersPerTwin },
    observableGroup: vehicleOf,
    handler: options.handler,
    clock: options.clock,
    timers: options.timers,
    random,
    log: options.log,
    onCount: countInto(options.metrics),
    peerKey,
    exchangeKey: (peer, id, token) => peerKey(peer) + messageKey(id, token),
    messageIds: ({ address }) =>
      residents.ofAlias(address)?.twin.takeMessageId() ?? (messageId = (messageId + 1) & 0xffff),
    tokenPrefix: ({ address }) => {
      const vehicle = residents.ofAlias(address)?.vehicle;
      const held = vehicle === undefined ? undefined : slots.get(vehicle);
      const prefix = Buffer.alloc(held === undefined ? 0 : 4);
      if (held !== undefined) prefix.writeUInt32BE(held.slot.seen % 2 ** 32);
      return prefix;
    },
    // Those of its twin before go on, so that whoever observes by the twin address never takes a new state for an old one.
    observeNumbers: observable => residents.ofVehicle(vehicleOf(observable))?.twin.takeObserve() ?? otherNumbers(),
  });
}
