import { isIPv4 } from 'node:net';
import {
  integer,
  listOf,
  loadConfig,
  oneOf,
  text,
  url,
  type ConfigInput,
  type ConfigOf,
  type Parse,
} from '../common/config.js';
import { CONFIG_INVALID, EdgetwinError } from '../common/errors.js';
import { COAP_PORT, LOOPBACK_PLAN } from '../protocol/addresses.js';
import { ipv6Setting } from '../protocol/ipv6.js';
import type { TwinStoreSettings } from '../store/open.js';
import { cassandraSettings, STORE_SETTINGS } from '../store/settings.js';

const hostName: Parse<string> = value => {
  if (!/^[a-z0-9-]+\/\d+$/.test(value)) throw new Error('<domain>/<index>, like edge-1/2');
  return value;
};
const ipv4: Parse<string> = value => {
  if (!isIPv4(value)) throw new Error('an IPv4 address');
  return value;
};

export const SETTINGS = {
  host: { parse: hostName, help: 'name of this host, <domain>/<index>' },
  domain: { parse: text, help: 'domain whose store it writes to' },
  address: { parse: ipv4, default: '127.0.0.1', help: 'address of CoAP and of the control API' },
  address6: { parse: ipv6Setting, optional: true, help: 'a second address of CoAP, of IPv6; with alias6' },
  port: { parse: integer(0, 65_535), default: String(COAP_PORT), help: 'UDP port of CoAP' },
  controlPort: { parse: integer(0, 65_535), default: String(COAP_PORT + 1), help: 'TCP port of the control API' },
  store: { parse: text, optional: true, help: 'directory of the store of the domain; with lmdb' },
  ...STORE_SETTINGS,
  ack: {
    parse: oneOf('local', 'replicated'),
    default: 'local',
    help: 'a report is acknowledged when its domain has it on disk, or (Cassandra alone) a second domain as well',
  },
  manager: {
    parse: listOf(url('http:', 'https:')),
    default: '',
    help: 'base URLs of the md-managers; without any nobody is told',
  },
  enrolmentToken: {
    parse: text,
    optional: true,
    help: 'token of one use by which the manager knows that it ordered this machine',
  },
  'sdn.url': {
    parse: listOf(url('http:', 'https:')),
    default: '',
    help: 'base URLs of the sdn-apps that are told of attachments which reports have proven; without one nobody is told',
  },
  slots: { parse: integer(1, 100_000), default: '64', help: 'twins that this host can carry' },
  aliasPrefix: {
    parse: ipv4,
    default: LOOPBACK_PLAN.aliasPrefix,
    help: 'first address of the /12 of aliases: vehicles as hosts see them',
  },
  alias6: { parse: ipv6Setting, optional: true, help: 'first address of the /64 of aliases (IPv6)' },
  leaseMs: {
    parse: integer(100, 600_000),
    default: '6000',
    help: 'a lease of the manager holds at most this long, whatever it says itself (ms)',
  },
  'ingest.queueMax': {
    parse: integer(1, 1_000_000),
    default: '8192',
    help: 'reports that may wait for the disk; beyond it they are answered 5.03',
  },
  'limits.reportsPerS': {
    parse: integer(0, 1_000_000),
    default: '200',
    help: 'reports a second of one vehicle, of ten seconds at once; beyond it they are answered 4.29; 0: no limit',
  },
  'limits.bytesPerS': {
    parse: integer(0, 1_000_000_000),
    default: '65536',
    help: 'bytes of reports a second of one vehicle, likewise; 0: no limit',
  },
  'limits.observers': {
    parse: integer(0, 1_000_000),
    default: '64',
    help: 'observers of the signals of one vehicle; beyond it reads are answered without Observe; 0: no limit',
  },
  'car.timeoutMs': {
    parse: integer(10, 60_000),
    default: '2000',
    help: 'how long a car is waited for when a read demands a fresh value (ms)',
  },
  'log.level': {
    parse: oneOf('debug', 'info', 'warn', 'error', 'silent'),
    default: 'info',
    help: 'what is logged',
  },
} as const;

export type VmdConfig = ConfigOf<typeof SETTINGS>;

/** CONFIG_INVALID where settings that go together are not all there. */
export function vmdConfig(input: ConfigInput): VmdConfig {
  const config = loadConfig(SETTINGS, input);
  if ((config.address6 === undefined) !== (config.alias6 === undefined))
    throw new EdgetwinError('CONFIG_INVALID', CONFIG_INVALID, 'address6 and alias6 go together');
  storeOf(config);
  return config;
}

/** The store that the settings name. CONFIG_INVALID where they do not name one. */
export function storeOf(
  config: Pick<VmdConfig, 'store' | 'domain' | 'ack' | keyof typeof STORE_SETTINGS>,
): TwinStoreSettings {
  const { domain, store: path, ack } = config;
  if (config['store.kind'] === 'cassandra')
    return { kind: 'cassandra', domain, ack, cassandra: cassandraSettings(config, domain) };
  if (path === undefined)
    throw new EdgetwinError('CONFIG_INVALID', CONFIG_INVALID, 'store is required where store.kind is lmdb');
  if (ack === 'replicated')
    throw new EdgetwinError('CONFIG_INVALID', CONFIG_INVALID, 'ack=replicated needs store.kind=cassandra');
  return { kind: 'lmdb', domain, path };
}
