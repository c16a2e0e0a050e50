import type { Metrics } from '../../common/metrics.js';
import type { MetricName } from '../metrics.js';
import type { MessageType } from './codec.js';

/** What an endpoint counts, each with the metric it becomes. */
const ROWS = {
  inCON: ['coap_datagrams_total', { direction: 'in', type: 'con' }],
  inNON: ['coap_datagrams_total', { direction: 'in', type: 'non' }],
  inACK: ['coap_datagrams_total', { direction: 'in', type: 'ack' }],
  inRST: ['coap_datagrams_total', { direction: 'in', type: 'rst' }],
  outCON: ['coap_datagrams_total', { direction: 'out', type: 'con' }],
  outNON: ['coap_datagrams_total', { direction: 'out', type: 'non' }],
  outACK: ['coap_datagrams_total', { direction: 'out', type: 'ack' }],
  outRST: ['coap_datagrams_total', { direction: 'out', type: 'rst' }],
  /** Not CoAP at all, or broken where an answer is forbidden or over the bound of error replies. */
  malformedSilent: ['coap_malformed_total', { answer: 'none' }],
  malformedReset: ['coap_malformed_total', { answer: 'reset' }],
  malformedAnswered: ['coap_malformed_total', { answer: 'error' }],
  duplicate: ['coap_duplicates_total', {}],
  retransmission: ['coap_retransmissions_total', {}],
  /** A confirmable message that nobody acknowledged, or a request without a response. */
  timeout: ['coap_timeouts_total', {}],
  reset: ['coap_resets_total', {}],
  /** Requests answered 5.03 because too many were open. */
  refused: ['coap_refused_total', {}],
  /** Responses that match no request of ours. */
  unmatched: ['coap_unmatched_total', {}],
  /** What a UDP port tells by `onError`. */
  socketError: ['coap_socket_errors_total', {}],
  handlerFailed: ['coap_handler_failures_total', {}],
  /** Notifications handed to the message layer. */
  notified: ['coap_notifications_total', {}],
  /** Observers that reset a notification or never acknowledged it. */
  observerLost: ['coap_observers_lost_total', {}],
  /** Observations that were not taken because of a bound. */
  observationRefused: ['coap_observations_refused_total', {}],
  /** Uploads in blocks that were answered 4.08 and 4.13. */
  blocksIncomplete: ['coap_block_refusals_total', { code: '4.08' }],
  blocksTooLarge: ['coap_block_refusals_total', { code: '4.13' }],
} as const satisfies Record<string, readonly [MetricName, Readonly<Record<string, string>>]>;

export type CoapCount = keyof typeof ROWS;
export type OnCount = (kind: CoapCount) => void;

export const IN: Readonly<Record<MessageType, CoapCount>> = { CON: 'inCON', NON: 'inNON', ACK: 'inACK', RST: 'inRST' };
export const OUT: Readonly<Record<MessageType, CoapCount>> = {
  CON: 'outCON',
  NON: 'outNON',
  ACK: 'outACK',
  RST: 'outRST',
};

/**
 * Counts into the metrics of the process: `openCoapEndpoint({ …, onCount: countInto(metrics) })`. Counts of one turn of the
 * loop are added at its end: a burst of datagrams costs two additions, not two for each.
 */
export function countInto(metrics: Metrics<MetricName>): OnCount {
  const pending = new Map<CoapCount, number>();
  const add = (): void => {
    for (const [kind, by] of pending) {
      const [name, labels] = ROWS[kind];
      metrics.count(name, labels, by);
    }
    pending.clear();
  };
  return kind => {
    if (pending.size === 0) setImmediate(add);
    pending.set(kind, (pending.get(kind) ?? 0) + 1);
  };
}
