import { hostPort, integer, listOf, number, oneOf, text, url, type ConfigOf, type Parse } from '../common/config.js';
import { LOOPBACK_PLAN, ipv4ToNumber, type AddressPlan } from '../protocol/addresses.js';
import { fault } from '../protocol/errors.js';
import { inUrl, ipv6Setting } from '../protocol/ipv6.js';
import type { ControlStoreSettings } from '../store/open.js';
import type { PoolPolicy } from './pool/policy/policy.js';
import { ARMING_SETTINGS } from './arming/settings.js';
import { namesOf, readNames, type Names } from './triggers/names.js';
import { hostsFrom, perDomain } from './per-domain.js';
import { TRIGGER_SETTINGS } from './triggers/settings.js';
import { OSM_ORDER_SETTINGS, OSM_SETTINGS } from './mano/osm/settings.js';
import { cassandraSettings, STORE_SETTINGS, type Login, type StoreConfig } from '../store/settings.js';

const ipv4: Parse<string> = value => {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(value)) throw new Error('an IPv4 address');
  ipv4ToNumber(value);
  return value;
};

const domainSize: Parse<readonly [string, number]> = value => {
  const found = /^([a-z0-9-]{1,32})=(\d{1,4})$/.exec(value);
  if (found?.[1] === undefined) throw new Error('a list of DOMAIN=HOSTS');
  return [found[1], Number(found[2])];
};

const ms = integer(1, 3_600_000);

export const SETTINGS = {
  listen: { parse: hostPort, default: '127.0.0.1:7001', help: 'where the API listens' },
  'leader.url': {
    parse: url('http:'),
    optional: true,
    help: 'where the other managers send callers while this one leads; else `listen`',
  },
  'leader.peers': {
    parse: listOf(url('http:')),
    default: '',
    help: 'the other managers; without any this one is alone, and goes on while its control store is away',
  },
  'leader.ttlMs': {
    parse: integer(300, 60_000),
    default: '2000',
    help: 'another manager leads so long after this one was last seen to; well below leaseMs, so that no twin falls silent',
  },
  'sdn.url': { parse: url('http:'), help: 'base URL of sdn-app' },
  'control.store': { parse: text, optional: true, help: 'folder of the control store; with lmdb' },
  'store.root': {
    parse: text,
    optional: true,
    help: 'folder that holds the store of each domain, by its name; with lmdb',
  },
  ...STORE_SETTINGS,
  'hosts.cassandra.user': { parse: text, optional: true, help: 'role of vMD hosts; else that of the manager' },
  'hosts.cassandra.passwordFile': { parse: text, optional: true, help: 'file with its password' },
  ack: {
    parse: oneOf('local', 'replicated'),
    default: 'local',
    help: 'hosts acknowledge a report when its domain has it on disk, or (Cassandra alone) a second domain as well',
  },
  mano: {
    parse: oneOf('local', 'osm'),
    default: 'local',
    help: 'what starts vMD hosts: local (processes of this machine) or osm (machines by Open Source MANO; with cassandra)',
  },
  ...OSM_SETTINGS,
  ...OSM_ORDER_SETTINGS,
  'hosts.from': {
    parse: hostsFrom('hosts.from', ipv4),
    help: 'vMD host n listens at this address plus n; or a list of DOMAIN=ADDRESS',
  },
  'hosts.from6': {
    parse: hostsFrom('hosts.from6', ipv6Setting),
    optional: true,
    help: 'the same over IPv6, beside it; with plan.twin6 and plan.alias6',
  },
  'hosts.launcher': {
    parse: text,
    optional: true,
    help: 'program that becomes the vMD host (by exec): gets domain, process title, and the command line; else it is run directly',
  },
  'hosts.via': {
    parse: url('http:'),
    optional: true,
    help: 'URL through which control APIs of hosts are reached, told the real one in x-edgetwin-upstream',
  },
  'hosts.manager': {
    parse: listOf(url('http:')),
    default: '',
    help: 'URLs by which hosts reach this manager and the others; else `listen` and `leader.peers`',
  },
  'hosts.sdn': {
    parse: listOf(url('http:')),
    default: '',
    help: 'URLs by which hosts reach the sdn-apps, to tell them of attachments that reports have proven; else `sdn.url`',
  },
  'host.logDir': { parse: text, default: 'log', help: 'folder for the logs of vMD hosts' },
  'pool.size': {
    parse: listOf(domainSize),
    default: 'core=1,edge-1=2,edge-2=2',
    help: 'hosts kept per domain; as many slots are kept ready',
  },
  'pool.policy': {
    parse: oneOf('fixed', 'hit-rate', 'prediction'),
    default: 'fixed',
    help: 'fixed: pools are kept at pool.size; hit-rate: at what it takes for pool.target; prediction: at what vehicles that are about to enter need (with arming.by=prediction); never below',
  },
  'pool.target': {
    parse: number(0.5, 0.999999),
    default: '0.999',
    help: 'share of requests for a slot that are to find a ready one (hit-rate)',
  },
  'pool.halfLifeMs': {
    parse: integer(1_000, 86_400_000),
    default: '600000',
    help: 'how fast the demand of the past is forgotten (hit-rate)',
  },
  'pool.twinsPerHost': {
    parse: integer(1, 100_000),
    default: '4',
    help: 'twins that one host carries: 1 for a process, or a machine, to each (as in the paper), or many',
  },
  'limits.reportsPerS': {
    parse: integer(0, 1_000_000),
    default: '200',
    help: 'what one vehicle may have of its host: reports a second; 0: no limit',
  },
  'limits.bytesPerS': {
    parse: integer(0, 1_000_000_000),
    default: '65536',
    help: 'likewise: bytes of reports a second of one vehicle; 0: no limit',
  },
  'limits.observers': {
    parse: integer(0, 1_000_000),
    default: '64',
    help: 'likewise: observers of the signals of one vehicle; 0: no limit',
  },
  'pool.maxHosts': {
    parse: perDomain(integer(0, 1_022)),
    default: '32',
    help: 'hosts of one domain at most, its quota; or DOMAIN=NUMBER,…,*=NUMBER',
  },
  'pool.hostHourCost': {
    parse: number(0, 1e9),
    default: '1',
    help: 'what an hour of a host costs, in any unit: for the cost of hand-overs',
  },
  'pool.startMs': { parse: ms, default: '30000', help: 'how long a host may take to get ready' },
  'pool.surplusMs': { parse: ms, default: '60000', help: 'how long a host is kept that its pool can do without' },
  topology: {
    parse: text,
    optional: true,
    help: 'FILE with domains, switches and access points (YAML or JSON): where a car may go next; without it no slot is kept',
  },
  ...ARMING_SETTINGS,
  ...TRIGGER_SETTINGS,
  'registration.firstNumber': { parse: integer(1, 2 ** 20 - 1), default: '1', help: 'number of the first vehicle' },
  'plan.twinPrefix': { parse: ipv4, default: LOOPBACK_PLAN.twinPrefix, help: 'first address of the twin addresses' },
  'plan.aliasPrefix': { parse: ipv4, default: LOOPBACK_PLAN.aliasPrefix, help: 'first address of the aliases' },
  'plan.twin6': { parse: ipv6Setting, optional: true, help: 'first address of the /64 of twin addresses (IPv6)' },
  'plan.alias6': { parse: ipv6Setting, optional: true, help: 'first address of the /64 of aliases (IPv6)' },
  dwellMs: { parse: integer(0, 600_000), default: '2000', help: 'time between two hand-overs of a vehicle, at least' },
  graceMs: { parse: ms, default: '2000', help: 'silence after which a slot that drains is done' },
  drainMaxMs: { parse: ms, default: '30000', help: 'time after which it is done anyway' },
  leaseMs: { parse: ms, default: '6000', help: 'how long a host may act without hearing from the manager' },
  probeMs: { parse: ms, default: '200', help: 'time between two probes of a host, and how long each may take' },
  'log.level': { parse: oneOf('debug', 'info', 'warn', 'error', 'silent'), default: 'info', help: 'what is logged' },
} as const;

export const SWEEP_SETTINGS = {
  'control.store': SETTINGS['control.store'],
  ...STORE_SETTINGS,
} as const;

export type ManagerConfig = ConfigOf<typeof SETTINGS>;

/** The manager's own domain: its datacentre unless it is told another. */
export const DOMAIN = 'core';

/** CONFIG_INVALID where the settings do not name a control store. */
export function controlStoreOf(config: StoreConfig & Pick<ManagerConfig, 'control.store'>): ControlStoreSettings {
  if (config['store.kind'] === 'cassandra') return { kind: 'cassandra', cassandra: cassandraSettings(config, DOMAIN) };
  const path = config['control.store'];
  if (path === undefined) throw fault('CONFIG_INVALID', 'control.store is required where store.kind is lmdb');
  return { kind: 'lmdb', path };
}

/** The role of the hosts at the store, where they have one of their own. */
export function hostLogin(config: ManagerConfig): Login | undefined {
  const user = config['hosts.cassandra.user'];
  const passwordFile = config['hosts.cassandra.passwordFile'];
  if ((user === undefined) !== (passwordFile === undefined))
    throw fault('CONFIG_INVALID', 'hosts.cassandra.user and hosts.cassandra.passwordFile go together');
  return user === undefined ? undefined : { user, passwordFile };
}

/** CONFIG_INVALID where the settings of IPv6 are not all there, or all absent: a twin address must lead to a host. */
export function planOf(
  config: Pick<ManagerConfig, `plan.${'twinPrefix' | 'aliasPrefix' | 'twin6' | 'alias6'}` | 'hosts.from6'>,
): AddressPlan {
  const twin6 = config['plan.twin6'];
  const alias6 = config['plan.alias6'];
  const given = [twin6, alias6, config['hosts.from6']].filter(value => value !== undefined).length;
  if (given % 3 !== 0) throw fault('CONFIG_INVALID', 'plan.twin6, plan.alias6 and hosts.from6 go together');
  return {
    twinPrefix: config['plan.twinPrefix'],
    aliasPrefix: config['plan.aliasPrefix'],
    ...(twin6 === undefined || alias6 === undefined ? {} : { twin6, alias6 }),
  };
}

/** How pools are sized. */
export function policyOf(config: ManagerConfig): PoolPolicy {
  const { 'pool.policy': kind, 'arming.by': by, 'arming.enabled': enabled, topology } = config;
  const mostSlots = config['pool.size'].reduce(
    (most, [domain]) => Math.max(most, config['pool.maxHosts'](domain) * config['pool.twinsPerHost']),
    0,
  );
  if (by === 'prediction' && (topology === undefined || enabled === 'false'))
    throw fault('CONFIG_INVALID', 'arming.by=prediction needs arming.enabled and a topology: the map of coverages');
  if (kind === 'prediction' && by !== 'prediction')
    throw fault('CONFIG_INVALID', 'pool.policy=prediction needs arming.by=prediction');
  if (kind === 'fixed') return { kind };
  if (kind === 'prediction') return { kind, mostSlots };
  return {
    kind,
    target: config['pool.target'],
    halfLifeMs: config['pool.halfLifeMs'],
    // Until one was seen: what a host may take at most.
    startMs: config['pool.startMs'],
    mostSlots,
  };
}

export const domainsOf = (config: Pick<ManagerConfig, 'pool.size'>): readonly string[] =>
  config['pool.size'].map(([domain]) => domain);

/** Whom and what the news of others mean. */
export function triggerNames(config: ManagerConfig): Names {
  const domains = domainsOf(config);
  const path = config['triggers.names'];
  return path === undefined ? namesOf({}, domains) : readNames(path, domains);
}

/** URL by which core networks and MEC platforms reach this manager. */
export function callbackOf(config: ManagerConfig): string {
  const { address, port } = config.listen;
  return config['triggers.callback'] ?? config['hosts.manager'][0] ?? `http://${inUrl(address)}:${port}`;
}
