import {
  hostPort,
  integer,
  loadConfig,
  oneOf,
  text,
  url,
  type ConfigInput,
  type ConfigOf,
  type Parse,
} from '../common/config.js';
import { LOOPBACK_PLAN, MAX_NUMBER, ipv4ToNumber } from '../protocol/addresses.js';

const ipv4: Parse<string> = value => {
  try {
    ipv4ToNumber(value);
    return value;
  } catch {
    throw new Error('an IPv4 address');
  }
};

export const SETTINGS = {
  listen: { parse: hostPort, default: '127.0.0.1:7002', help: 'ADDRESS:PORT of the REST API' },
  'manager.url': { parse: url('http:'), default: 'http://127.0.0.1:7001', help: 'md-manager' },
  topology: { parse: text, help: 'FILE with domains, switches and access points (YAML or JSON)' },
  'switch.control': {
    parse: hostPort,
    default: '127.0.0.1:7004',
    help: 'ADDRESS:PORT of the control channel of the switch',
  },
  'switch.datapath': { parse: integer(1, 15), default: '1', help: 'number of the switch in the topology' },
  straggleMs: {
    parse: integer(0, 10_000),
    default: '50',
    help: 'for so long frames from the port just left are late ones',
  },
  'network.trust': { parse: oneOf('lab'), default: 'lab', help: 'who confirms a new attachment' },
  'network.twinPrefix': {
    parse: ipv4,
    default: LOOPBACK_PLAN.twinPrefix,
    help: 'first address of the /12 of twin addresses',
  },
  'network.aliasPrefix': {
    parse: ipv4,
    default: LOOPBACK_PLAN.aliasPrefix,
    help: 'first address of the /12 of aliases',
  },
  'registration.firstNumber': { parse: integer(0, MAX_NUMBER), default: '1', help: 'lowest vehicle number' },
  'log.level': {
    parse: oneOf('debug', 'info', 'warn', 'error', 'silent'),
    default: 'info',
    help: 'least level that is logged',
  },
} as const;

export type SdnAppConfig = ConfigOf<typeof SETTINGS>;

export const sdnAppConfig = (input: ConfigInput): SdnAppConfig => loadConfig(SETTINGS, input);
