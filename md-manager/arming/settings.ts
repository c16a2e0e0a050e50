import { integer, oneOf } from '../../common/config.js';

/** Slots that are kept for hand-overs which may come. */
export const ARMING_SETTINGS = {
  'arming.enabled': {
    parse: oneOf('true', 'false'),
    default: 'true',
    help: 'keep slots for vehicles in the domains that they may enter next, and tickets',
  },
  'arming.by': {
    parse: oneOf('neighbours', 'prediction'),
    default: 'neighbours',
    help: 'slots are kept wherever a vehicle may go next; or, while it is known how it moves, only where it is about to be',
  },
  'arming.horizonS': {
    parse: integer(1, 3_600),
    default: '30',
    help: 'how far ahead vehicles are foreseen (prediction); with pool.policy=prediction longer than a host takes to start',
  },
  'arming.budget': { parse: integer(0, 1_000_000), default: '10000', help: 'slots so kept per domain at most' },
  'arming.reserve': {
    parse: integer(0, 1_000_000),
    default: '2',
    help: 'ready slots per domain that are left to other hand-overs; never fewer than pool.size',
  },
  'arming.leaseMs': {
    parse: integer(1_000, 3_600_000),
    default: '30000',
    help: 'how long sdn-app may use such a slot without hearing from the manager; renewed at a third of it',
  },
  'tickets.perDomain': {
    parse: integer(0, 1_024),
    default: '2',
    help: 'slots per domain kept for any vehicle; 0: none',
  },
} as const;
