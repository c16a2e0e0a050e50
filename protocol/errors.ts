import { CONFIG_INVALID, EdgetwinError, type ErrorRow } from '../common/errors.js';

/** Every error of the product, with its policy: `retry` (may the same request succeed later?), words, HTTP status. */
export const ERRORS = {
  CONFIG_INVALID,
  // CoAP and reports
  COAP_MALFORMED: { retry: false, say: 'this datagram is not CoAP', status: 400 },
  COAP_TIMEOUT: { retry: true, say: 'the peer did not answer in time', status: 504 },
  COAP_RESET: { retry: true, say: 'the peer reset the exchange', status: 502 },
  COAP_BUSY: { retry: true, say: 'too many exchanges with this peer are open', status: 503 },
  COAP_BLOCKS: { retry: true, say: 'the blocks of an answer do not make a whole', status: 502 },
  COAP_CLOSED: { retry: true, say: 'the endpoint is closed', status: 503 },
  REPORT_MALFORMED: { retry: false, say: 'this is not a report', status: 400 },
  REPORT_TOO_LARGE: { retry: false, say: 'a report has at most 1,024 bytes', status: 413 },
  TWIN_LIMIT: { retry: true, say: 'the vehicle sends more than its share of its host', status: 429 },
  VEHICLE_UNKNOWN: { retry: true, say: 'no such vehicle is registered', status: 404 },
  VEHICLE_MISMATCH: { retry: false, say: 'the report names another vehicle than its address', status: 403 },
  SIGNAL_UNKNOWN: { retry: false, say: 'no such signal', status: 404 },
  SIGNAL_NO_VALUE: { retry: true, say: 'the twin has no value of this signal yet', status: 404 },
  // the car
  OBD_FRAME: { retry: false, say: 'the car sent bytes we do not understand' },
  OBD_TIMEOUT: { retry: true, say: 'the car did not answer in time' },
  OBD_ADAPTER: { retry: true, say: 'the adapter reported an error' },
  OBD_LINK: { retry: true, say: 'the adapter cannot be reached' },
  OBD_FORBIDDEN: { retry: false, say: 'this service could change the car and is never sent' },
  GPS_LINK: { retry: true, say: 'gpsd cannot be reached' },
  GPS_MALFORMED: { retry: false, say: 'gpsd sent a line we do not understand' },
  CAPTURE_INVALID: { retry: false, say: 'this is no recording that can be replayed' },
  // the outbox
  OUTBOX_FULL: { retry: true, say: 'the outbox cannot take more reports' },
  OUTBOX_CORRUPT: { retry: false, say: 'a segment of the outbox is damaged' },
  // control
  REQUEST_INVALID: { retry: false, say: 'the request does not have the form that this resource takes', status: 400 },
  NOT_FOUND: { retry: false, say: 'no such resource', status: 404 },
  KEY_MISMATCH: { retry: false, say: 'the vehicle is registered with another key', status: 409 },
  EPOCH_STALE: { retry: false, say: 'a newer epoch of this vehicle has been seen', status: 409 },
  TERM_STALE: { retry: false, say: 'a newer term of this service has been seen', status: 409 },
  NOT_ACTIVE: { retry: true, say: 'this one is a stand-by; another holds the lease', status: 503 },
  MANAGER_NOT_LEADER: { retry: true, say: 'another md-manager leads, or none at the moment', status: 503 },
  POOL_EMPTY: { retry: true, say: 'no slot is ready in this domain', status: 503 },
  AUTHORITY_AWAY: { retry: true, say: 'the registration authority cannot be reached', status: 503 },
  NUMBERS_EXHAUSTED: { retry: false, say: 'all vehicle numbers of this range are taken', status: 503 },
  MANO_AWAY: { retry: true, say: 'the orchestrator cannot be reached', status: 502 },
  MANO_REFUSED: { retry: false, say: 'the orchestrator refused', status: 502 },
  MANO_CONFLICT: { retry: true, say: 'the orchestrator says that its state does not allow this now', status: 502 },
  MANO_UNSUPPORTED: { retry: false, say: 'this release of the orchestrator cannot do that', status: 502 },
  MANO_FAILED: { retry: true, say: 'the instance could not be started or stopped', status: 502 },
  UPSTREAM_AWAY: { retry: true, say: 'a service that is needed cannot be reached', status: 502 },
  UPSTREAM_REFUSED: { retry: false, say: 'a service that is needed refused', status: 502 },
  DEADLINE: { retry: true, say: 'it took longer than allowed', status: 504 },
  DRAINING: { retry: true, say: 'this slot is draining; ask the manager for the twin again', status: 503 },
  // network
  SWITCH_AWAY: { retry: true, say: 'the switch cannot be reached', status: 503 },
  SWITCH_REFUSED: { retry: false, say: 'the switch refused a message', status: 502 },
  RYU_FAILED: { retry: false, say: 'Ryu could not be installed, or ended' },
  FLOW_INVALID: { retry: false, say: 'this flow cannot be installed', status: 400 },
  TOPOLOGY_INVALID: { retry: false, say: 'the topology is not valid', status: 400 },
  LAB_FAILED: { retry: false, say: 'a part of the lab could not be made or did not do as told', status: 500 },
  // analytics
  READERS_FULL: { retry: true, say: 'too many readers of this stream are open', status: 503 },
  // store
  STORE_FAILED: { retry: true, say: 'the store did not take or give the data', status: 503 },
  STORE_AWAY: { retry: true, say: 'the store cannot be reached, or not enough of it', status: 503 },
  STORE_NOT_DURABLE: {
    retry: false,
    say: 'the store would acknowledge what it does not have on disk: nothing is written to it',
    status: 503,
  },
  STORE_SCHEMA: { retry: false, say: 'the data was written by a release this one cannot read' },
  DRIVE_INVALID: { retry: false, say: 'the recording of the drive cannot be read', status: 400 },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

/** An error of the table: `throw fault('OBD_TIMEOUT', '010C')`. */
export function fault(code: ErrorCode, detail: string, options?: ErrorOptions): EdgetwinError {
  return new EdgetwinError(code, ERRORS[code], detail, options);
}
