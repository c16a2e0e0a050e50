import assert from 'node:assert/strict';
import { parse } from 'yaml';
import {
  cassandraYaml,
  daemonWords,
  nodetoolWords,
  rackProperties,
  schemaVersions,
  tokenOf,
  type ClassArchive,
  type MachinePlan,
  type NodePlan,
} from '../../../../lab/cassandra/node-config.js';

const PLAN: NodePlan = {
  cluster: 'edgetwin-7',
  domain: 'edge-2',
  nodes: 3,
  index: 1,
  address: '10.9.0.2',
  seeds: ['10.9.0.1', '10.9.0.2', '10.9.0.3'],
  rpcAddress: '127.0.0.1',
  contactAddress: '127.32.7.2',
  folder: '/run/c/edge-2',
  dataFolder: '/run/c/edge-2/data',
  commitlogSync: 'batch',
  hintWindowMs: 30_000,
  password: false,
  tls: undefined,
  more: {},
};

const MACHINE: MachinePlan = { jars: '/jars', archive: undefined, jmxPort: 7300, heapMb: 256 };

const yamlOf = (plan: Partial<NodePlan>) =>
  parse(cassandraYaml({ ...PLAN, ...plan })) as Readonly<Record<string, unknown>>;

describe('a lab node of Cassandra', () => {
  it('has one token, evenly spread over the ring', () => {
    assert.deepEqual(
      [0, 1, 2].map(index => tokenOf(index, 3)),
      [-6148914691236517206n, 0n, 6148914691236517205n],
    );
    assert.equal(tokenOf(0, 1), 0n);
  });

  it('is told where it is, and clients are told where they find it', () => {
    const yaml = yamlOf({});
    assert.deepEqual(
      [yaml['listen_address'], yaml['rpc_address'], yaml['broadcast_rpc_address'], yaml['initial_token']],
      ['10.9.0.2', '127.0.0.1', '127.32.7.2', '0'],
    );
    assert.equal(rackProperties(PLAN), 'dc=edge-2\nrack=r1\n');
  });

  for (const [sync, extra] of [
    ['batch', {}],
    ['group', { commitlog_sync_group_window: '5ms' }],
    ['periodic', { commitlog_sync_period: '10000ms' }],
  ] as const)
    it(`syncs its commit log by ${sync}, with just the settings that go with that`, () => {
      const found = Object.entries(yamlOf({ commitlogSync: sync })).filter(([name]) =>
        name.startsWith('commitlog_sync'),
      );
      assert.deepEqual(Object.fromEntries(found), { commitlog_sync: sync, ...extra });
    });

  it('asks for logins and certificates only where it is told to', () => {
    assert.deepEqual(
      Object.keys(yamlOf({})).filter(name => /authenticator|encryption/.test(name)),
      [],
    );
    const yaml = yamlOf({ password: true, tls: { keystore: '/k', truststore: '/t', password: 'p' } });
    assert.equal(yaml['authenticator'], 'PasswordAuthenticator');
    for (const name of ['server_encryption_options', 'client_encryption_options']) {
      const { optional, require_client_auth } = yaml[name] as Readonly<Record<string, unknown>>;
      assert.deepEqual({ optional, require_client_auth }, { optional: false, require_client_auth: true });
    }
  });

  it('takes more settings by their own names, which go before ours', () => {
    const yaml = yamlOf({ more: { concurrent_reads: 4, phi_convict_threshold: 8 } });
    assert.deepEqual([yaml['concurrent_reads'], yaml['phi_convict_threshold']], [4, 8]);
  });

  it('maps an archive of classes where there is one, and writes one where it is to be made', () => {
    const wordOf = (is: ClassArchive['is']): string | undefined =>
      daemonWords(PLAN, { ...MACHINE, archive: { file: '/jars/c.jsa', is } }).find(word => word.endsWith('/c.jsa'));
    assert.equal(wordOf('used'), '-XX:SharedArchiveFile=/jars/c.jsa');
    assert.equal(wordOf('made'), '-XX:ArchiveClassesAtExit=/jars/c.jsa');
    assert.equal(
      daemonWords(PLAN, MACHINE).find(word => /Archive/.test(word)),
      undefined,
    );
  });

  it('starts with its own folder and JMX port, and so does nodetool', () => {
    const daemon = daemonWords(PLAN, MACHINE);
    assert.equal(daemon.at(-1), 'org.apache.cassandra.service.CassandraDaemon');
    for (const word of ['-Xmx256m', '-Dcassandra.jmx.local.port=7300', '-Dcassandra.storagedir=/run/c/edge-2/data'])
      assert.ok(daemon.includes(word), word);
    assert.deepEqual(nodetoolWords(PLAN, MACHINE, ['repair', '-full']).slice(-4), ['-p', '7300', 'repair', '-full']);
  });
});

describe('the schema versions of nodetool describecluster', () => {
  const DESCRIBED = `Cluster Information:
	Name: edgetwin-7
	Schema versions:
		86afa796-d883-3932-aa73-6b017cef0d19: [10.9.0.1, 10.9.0.2]

		UNREACHABLE: [10.9.0.3]

Stats for all nodes:
	Live: 2
`;

  it('are addresses by version, those out of reach apart', () => {
    assert.deepEqual(
      [...schemaVersions(DESCRIBED)],
      [
        ['86afa796-d883-3932-aa73-6b017cef0d19', ['10.9.0.1', '10.9.0.2']],
        ['UNREACHABLE', ['10.9.0.3']],
      ],
    );
  });

  it('are none where nodetool said something else', () => {
    assert.equal(schemaVersions('nodetool: Failed to connect').size, 0);
  });
});
