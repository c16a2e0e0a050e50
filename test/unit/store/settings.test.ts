import assert from 'node:assert/strict';
import { loadConfig } from '../../../common/config.js';
import {
  administrationSettings,
  cassandraSettings,
  STORE_SETTINGS,
  storeFlags,
  type StoreConfig,
} from '../../../store/settings.js';

const load = (...argv: string[]): StoreConfig => loadConfig(STORE_SETTINGS, { argv, env: {} });
const POINTS = 'edge-1=127.0.0.1:9042,core=[::1]:9043,node.example';

describe('settings of the store', () => {
  it('give each domain its own nodes, and those of none', () => {
    const config = load('--store-kind', 'cassandra', '--cassandra-contact-points', POINTS);
    assert.deepEqual(cassandraSettings(config, 'edge-1'), {
      contactPoints: ['127.0.0.1:9042', 'node.example'],
      datacentre: 'edge-1',
      keyspace: 'edgetwin',
      user: undefined,
      passwordFile: undefined,
    });
    assert.deepEqual(cassandraSettings(config, 'core').contactPoints, ['[::1]:9043', 'node.example']);
    assert.deepEqual(administrationSettings(config).contactPoints, ['127.0.0.1:9042', '[::1]:9043', 'node.example']);
  });

  it('ask the datacentre that they name', () => {
    const config = load('--cassandra-contact-points', POINTS, '--cassandra-datacentre', 'core');
    const found = cassandraSettings(config, 'edge-1');
    assert.deepEqual([found.datacentre, found.contactPoints[0]], ['core', '[::1]:9043']);
  });

  it('name every fault at once', () => {
    const config = load('--cassandra-contact-points', 'core=a', '--cassandra-user', 'u', '--cassandra-tls-cert', 'c');
    assert.throws(() => cassandraSettings(config, 'edge-1'), {
      code: 'CONFIG_INVALID',
      message:
        /user and .*passwordFile go together; .*cert and .*key go together; .*needs .*ca; .*no node for datacentre edge-1/,
    });
  });

  for (const text of ['a b', ':9042', 'a:99999', 'a:b', 'x=', '=a', 'a,,b', '[::1'])
    it(`refuse the contact points '${text}'`, () =>
      assert.throws(() => load('--cassandra-contact-points', text), { code: 'CONFIG_INVALID' }));

  for (const text of ['Fleet', '1a', 'a-b', 'a"; DROP', ''])
    it(`refuse the keyspace '${text}'`, () =>
      assert.throws(() => load(`--cassandra-keyspace=${text}`), { code: 'CONFIG_INVALID' }));

  it('are passed on whole to a part that is started, but for whose it is', () => {
    const config = load(
      ...['--store-kind', 'cassandra', '--cassandra-contact-points', POINTS, '--cassandra-datacentre', 'core'],
      ...['--cassandra-user', 'm', '--cassandra-password-file', 'p', '--cassandra-keyspace', 'fleet'],
      ...['--cassandra-tls-ca', 'ca', '--cassandra-tls-cert', 'c', '--cassandra-tls-key', 'k'],
    );
    assert.deepEqual({ ...load(...storeFlags(config)), 'cassandra.datacentre': 'core' }, config);
    const own = load(...storeFlags(config, { user: 'v', passwordFile: 'q' }));
    assert.deepEqual([own['cassandra.user'], own['cassandra.passwordFile']], ['v', 'q']);
    assert.deepEqual(storeFlags(load()), []);
  });
});
