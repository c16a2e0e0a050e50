import { oneOf, text, type ConfigOf, type Parse, type Settings } from '../common/config.js';
import { fault } from '../protocol/errors.js';
import type { CassandraSettings, DriverSettings } from './cassandra/driver.js';

/** A node, and of which datacentre alone it is a contact point. */
export interface ContactPoint {
  readonly datacentre?: string;
  readonly address: string;
}

const CONTACT = /^(?:([a-z0-9-]{1,32})=)?(\[[0-9a-f:.]+\](?::\d{1,5})?|[^\s:[\]=]+(?::\d{1,5})?)$/i;
const PORT = /:(\d+)$/;

export const contactPoint: Parse<ContactPoint> = value => {
  const [, datacentre, address] = CONTACT.exec(value) ?? [];
  if (address === undefined || Number(PORT.exec(address)?.[1] ?? 1) > 65_535)
    throw new Error('a list of HOST, HOST:PORT or DOMAIN=HOST:PORT');
  return datacentre === undefined ? { address } : { datacentre, address };
};
const contactPoints: Parse<readonly ContactPoint[]> = value => (value === '' ? [] : value.split(',').map(contactPoint));

const keyspacePrefix: Parse<string> = value => {
  if (!/^[a-z][a-z0-9_]{0,31}$/.test(value)) throw new Error('lower-case letters, digits and _, 32 at most');
  return value;
};

/** How Cassandra is reached; the same for every part that has a store. */
export const CASSANDRA_SETTINGS = {
  'cassandra.contactPoints': {
    parse: contactPoints,
    default: '',
    help: 'nodes of Cassandra, HOST or HOST:PORT, by commas; DOMAIN=HOST for those of one domain alone',
  },
  'cassandra.datacentre': {
    parse: text,
    optional: true,
    help: 'the datacentre whose nodes are asked, and no other’s; else that of its domain',
  },
  'cassandra.keyspace': { parse: keyspacePrefix, default: 'edgetwin', help: 'prefix of the keyspaces’ names' },
  'cassandra.user': { parse: text, optional: true, help: 'role of Cassandra' },
  'cassandra.passwordFile': { parse: text, optional: true, help: 'file with its password' },
  'cassandra.tls.ca': {
    parse: text,
    optional: true,
    help: 'PEM file: who vouches for the nodes; with it TLS is spoken',
  },
  'cassandra.tls.cert': { parse: text, optional: true, help: 'PEM file with the certificate of this client' },
  'cassandra.tls.key': { parse: text, optional: true, help: 'PEM file with its key' },
} as const satisfies Settings;

export const STORE_SETTINGS = {
  'store.kind': {
    parse: oneOf('lmdb', 'cassandra'),
    default: 'lmdb',
    help: 'lmdb: a folder of this machine; cassandra: a cluster with a datacentre for each domain',
  },
  ...CASSANDRA_SETTINGS,
} as const satisfies Settings;

export type CassandraConfig = ConfigOf<typeof CASSANDRA_SETTINGS>;
export type StoreConfig = ConfigOf<typeof STORE_SETTINGS>;

/** Settings that only make sense together: every fault of them, in words. */
function faultsOf(config: CassandraConfig): string[] {
  const pairs = [
    ['cassandra.user', 'cassandra.passwordFile'],
    ['cassandra.tls.cert', 'cassandra.tls.key'],
  ] as const;
  const faults = pairs
    .filter(([a, b]) => (config[a] === undefined) !== (config[b] === undefined))
    .map(([a, b]) => `${a} and ${b} go together`);
  if (config['cassandra.tls.cert'] !== undefined && config['cassandra.tls.ca'] === undefined)
    faults.push('cassandra.tls.cert needs cassandra.tls.ca');
  return faults;
}

/** How a part in `domain` reaches its cluster. CONFIG_INVALID names every fault at once. */
export function cassandraSettings(config: CassandraConfig, domain: string): CassandraSettings {
  const datacentre = config['cassandra.datacentre'] ?? domain;
  const contactPoints = config['cassandra.contactPoints']
    .filter(point => point.datacentre === undefined || point.datacentre === datacentre)
    .map(({ address }) => address);
  const faults = faultsOf(config);
  if (contactPoints.length === 0) faults.push(`cassandra.contactPoints has no node for datacentre ${datacentre}`);
  if (faults.length > 0) throw fault('CONFIG_INVALID', faults.join('; '));
  const ca = config['cassandra.tls.ca'];
  return {
    contactPoints,
    datacentre,
    keyspace: config['cassandra.keyspace'],
    user: config['cassandra.user'],
    passwordFile: config['cassandra.passwordFile'],
    ...(ca === undefined ? {} : { tls: { ca, cert: config['cassandra.tls.cert'], key: config['cassandra.tls.key'] } }),
  };
}

/** The same for administration, which asks any node: contact points of all datacentres count. */
export function administrationSettings(config: CassandraConfig): DriverSettings {
  const points = config['cassandra.contactPoints'].map(({ address }) => ({ address }));
  const { contactPoints, user, passwordFile, tls } = cassandraSettings(
    { ...config, 'cassandra.datacentre': undefined, 'cassandra.contactPoints': points },
    'any',
  );
  return { contactPoints, user, passwordFile, ...(tls === undefined ? {} : { tls }) };
}

export interface Login {
  readonly user: string | undefined;
  readonly passwordFile: string | undefined;
}

/**
 * The same settings as flags, for a part of any domain that this one starts; `login` where it has a role of its own. Its
 * datacentre is not among them: that is its own domain's.
 */
export function storeFlags(config: StoreConfig, login?: Login): string[] {
  if (config['store.kind'] === 'lmdb') return [];
  const points = config['cassandra.contactPoints'].map(({ datacentre, address }) =>
    datacentre === undefined ? address : `${datacentre}=${address}`,
  );
  const flags = ['--store-kind', 'cassandra', '--cassandra-contact-points', points.join(',')];
  flags.push('--cassandra-keyspace', config['cassandra.keyspace']);
  const { user, passwordFile } = login ?? {
    user: config['cassandra.user'],
    passwordFile: config['cassandra.passwordFile'],
  };
  for (const [flag, value] of [
    ['--cassandra-user', user],
    ['--cassandra-password-file', passwordFile],
    ['--cassandra-tls-ca', config['cassandra.tls.ca']],
    ['--cassandra-tls-cert', config['cassandra.tls.cert']],
    ['--cassandra-tls-key', config['cassandra.tls.key']],
  ] as const)
    if (value !== undefined) flags.push(flag, value);
  return flags;
}
