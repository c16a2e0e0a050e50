import type { MetricTable } from './table.js';

export const COAP = {
  coap_datagrams_total: {
    kind: 'counter',
    help: 'CoAP messages, by direction (in, out) and type (con, non, ack, rst)',
    labels: ['direction', 'type'],
  },
  coap_malformed_total: {
    kind: 'counter',
    help: 'datagrams that are not CoAP, by what was answered (error, reset, none)',
    labels: ['answer'],
  },
  coap_duplicates_total: { kind: 'counter', help: 'messages that had come before' },
  coap_retransmissions_total: { kind: 'counter', help: 'confirmable messages sent again' },
  coap_timeouts_total: { kind: 'counter', help: 'messages never acknowledged and requests never answered' },
  coap_resets_total: { kind: 'counter', help: 'messages that the peer reset' },
  coap_refused_total: { kind: 'counter', help: 'requests answered 5.03 because too many were open' },
  coap_unmatched_total: { kind: 'counter', help: 'responses that match no request' },
  coap_socket_errors_total: {
    kind: 'counter',
    help: 'datagrams that the operating system did not take, and other socket errors',
  },
  coap_handler_failures_total: { kind: 'counter', help: 'requests answered 5.xx because their handler failed' },
  coap_notifications_total: { kind: 'counter', help: 'notifications of observations that were sent' },
  coap_observers_lost_total: {
    kind: 'counter',
    help: 'observers that reset a notification or never acknowledged it',
  },
  coap_observations_refused_total: { kind: 'counter', help: 'observations that were not taken because of a bound' },
  coap_block_refusals_total: {
    kind: 'counter',
    help: 'uploads in blocks that were refused, by code: 4.08 (incomplete), 4.13 (too large)',
    labels: ['code'],
  },
} as const satisfies MetricTable;
