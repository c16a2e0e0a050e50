import {
  hostPort,
  integer,
  listOf,
  loadConfig,
  oneOf,
  someOf,
  text,
  url,
  type ConfigInput,
  type ConfigOf,
  type Parse,
} from '../common/config.js';
import { CONFIG_INVALID, EdgetwinError } from '../common/errors.js';
import { inUrl, ipv6Setting, isIpv6 } from '../protocol/ipv6.js';
import { type AddressPlan, LOOPBACK_PLAN, MAX_NUMBER, ipv4ToNumber } from '../protocol/addresses.js';

const ipv4: Parse<string> = value => {
  try {
    ipv4ToNumber(value);
    return value;
  } catch {
    throw new Error('an IPv4 address');
  }
};

/** Flows match it by its first twelve bits, and numbers of vehicles are added to it. */
const ipv4Prefix: Parse<string> = value => {
  if (ipv4ToNumber(ipv4(value)) % (MAX_NUMBER + 1) === 0) return value;
  throw new Error('the first address of a /12');
};

const either: Parse<string> = value => (isIpv6(value) ? ipv6Setting(value) : ipv4(value));

export const SETTINGS = {
  listen: { parse: hostPort, default: '127.0.0.1:7002', help: 'ADDRESS:PORT of the REST API' },
  'manager.url': { parse: someOf(url('http:')), default: 'http://127.0.0.1:7001', help: 'md-manager, or several' },
  topology: { parse: text, help: 'FILE with domains, switches and access points (YAML or JSON)' },
  'switch.kind': { parse: oneOf('soft', 'ryu', 'openflow'), default: 'soft', help: 'what the switches are reached by' },
  'switch.datapath': {
    parse: listOf(integer(1, 15)),
    default: '',
    help: 'numbers of the switches, with commas between them; none: all of the topology',
  },
  'switch.control': {
    parse: listOf(hostPort),
    default: '127.0.0.1:7004',
    help: 'soft: ADDRESS:PORT of the control channel of each switch, in their order',
  },
  'switch.ryu.url': {
    parse: url('ws:', 'ws+unix:'),
    default: 'ws://127.0.0.1:8080',
    help: 'ryu: its web server, ws://ADDRESS:PORT or ws+unix:PATH',
  },
  'switch.ryu.app': {
    parse: oneOf('present', 'absent'),
    default: 'present',
    help: 'ryu: absent is the stock ofctl_rest alone, with what is lost by it (docs/decisions/ryu-adapter.md)',
  },
  'switch.openflow.listen': {
    parse: hostPort,
    optional: true,
    help: 'openflow: ADDRESS:PORT where switches connect to; none: only those of switch.openflow.switches',
  },
  'switch.openflow.switches': {
    parse: listOf(hostPort),
    default: '',
    help: 'openflow: ADDRESS:PORT,… of switches that wait for their controller',
  },
  'switch.openflow.echoIntervalMs': {
    parse: integer(10, 60_000),
    default: '1000',
    help: 'openflow: time between two echo requests to a switch',
  },
  'switch.openflow.echoMisses': {
    parse: integer(0, 100),
    default: '2',
    help: 'openflow: for so many of these a switch may be silent; with one more it is given up (0: never)',
  },
  'lease.ttlMs': {
    parse: integer(300, 60_000),
    default: '3000',
    help: 'another sdn-app may take over so long after this one was last heard by md-manager; renewed each third',
  },
  'lease.url': {
    parse: url('http:'),
    optional: true,
    help: 'where md-manager sends commands for this one (default: the address of listen)',
  },
  straggleMs: {
    parse: integer(0, 10_000),
    default: '50',
    help: 'for so long frames from the port just left are late ones',
  },
  dwellMs: {
    parse: integer(100, 60_000),
    default: '2000',
    help: 'one of two homes is given up when it was silent for so long; as md-manager has it',
  },
  'network.trust': {
    parse: oneOf('lab', 'access', 'proof'),
    default: 'lab',
    help: 'who confirms a new attachment: nobody, ports that authenticate, a verified message',
  },
  detectors: {
    parse: text,
    optional: true,
    help: 'FILE with rows for the detector table (YAML), before the built-in ones',
  },
  'network.twinPrefix': {
    parse: ipv4Prefix,
    default: LOOPBACK_PLAN.twinPrefix,
    help: 'first address of the /12 of twin addresses',
  },
  'network.aliasPrefix': {
    parse: ipv4Prefix,
    default: LOOPBACK_PLAN.aliasPrefix,
    help: 'first address of the /12 of aliases',
  },
  'network.twin6': { parse: ipv6Setting, optional: true, help: 'first address of the /64 of twin addresses (IPv6)' },
  'network.alias6': { parse: ipv6Setting, optional: true, help: 'first address of the /64 of aliases (IPv6)' },
  'network.gateways': {
    parse: listOf(either),
    default: '',
    help: 'addresses of the virtual gateway, with commas between them: next hops that stand for no machine',
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

/** CONFIG_INVALID where only one of the two prefixes of IPv6 is given, or twins and aliases have the same. */
export function planOf(config: SdnAppConfig): AddressPlan {
  const twin6 = config['network.twin6'];
  const alias6 = config['network.alias6'];
  if ((twin6 === undefined) !== (alias6 === undefined))
    throw new EdgetwinError('CONFIG_INVALID', CONFIG_INVALID, 'network.twin6 and network.alias6 go together');
  if (config['network.twinPrefix'] === config['network.aliasPrefix'] || (twin6 !== undefined && twin6 === alias6))
    throw new EdgetwinError('CONFIG_INVALID', CONFIG_INVALID, 'twins and aliases have the same prefix');
  return {
    twinPrefix: config['network.twinPrefix'],
    aliasPrefix: config['network.aliasPrefix'],
    gateways: config['network.gateways'],
    ...(twin6 === undefined || alias6 === undefined ? {} : { twin6, alias6 }),
  };
}

/** CONFIG_INVALID where this app listens on every address and is not told by which others reach it. */
export function leaseUrlOf(config: SdnAppConfig): string {
  const { address, port } = config.listen;
  const url = config['lease.url'];
  if (url === undefined && (address === '0.0.0.0' || address === '::'))
    throw new EdgetwinError('CONFIG_INVALID', CONFIG_INVALID, `lease.url is required where listen is ${address}`);
  return url ?? `http://${inUrl(address)}:${port}`;
}
