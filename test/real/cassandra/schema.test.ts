import assert from 'node:assert/strict';
import type { Cluster } from '../../../lab/cassandra/lab-cluster.js';
import { openAdmin } from '../../../store/cassandra/admin/admin.js';
import { migrate } from '../../../store/cassandra/admin/migrate.js';
import { clusterStatus } from '../../../store/cassandra/admin/status.js';
import { verify } from '../../../store/cassandra/admin/verify.js';
import { readMigrations, type Migration } from '../../../store/cassandra/schema/migrations.js';
import { freshPrefix, needsCluster, sharedCluster } from './shared-cluster.js';
import { openTwinKeyspace, RETENTION, type TwinKeyspace } from './twin-keyspace.js';

const silent = (): void => undefined;

describe('schema of a cluster', function () {
  this.timeout(180_000);
  let cluster: Cluster;
  let keyspace: TwinKeyspace;
  let migrations: Migration[];

  before(needsCluster);
  before(async () => {
    cluster = await sharedCluster();
    migrations = await readMigrations();
    keyspace = await openTwinKeyspace(cluster, freshPrefix());
  });
  after(() => keyspace?.[Symbol.asyncDispose]());

  const faults = async (auth = false): Promise<string[]> => {
    const { admin } = keyspace;
    const status = await clusterStatus(admin, migrations);
    const checks = await verify(admin, status, { migrations, retention: RETENTION, auth });
    return checks.filter(({ ok }) => !ok).map(({ check, say }) => `${check}: ${say}`);
  };
  const again = (over: Partial<Parameters<typeof migrate>[1]> = {}): Promise<string[]> =>
    migrate(keyspace.admin, { migrations, retention: RETENTION, auth: false, onStep: silent, ...over });

  it('is as verify expects it after migrate, which then has nothing more to do', async () => {
    assert.deepEqual(await faults(), []);
    assert.deepEqual(await again(), []);
  });

  it('is told with every node, its release and its commit log', async () => {
    const { nodes, keyspaces, schema } = await clusterStatus(keyspace.admin, migrations);
    assert.deepEqual(
      nodes.map(({ datacentre, up, commitlogSync, release }) => [
        datacentre,
        up,
        commitlogSync,
        release?.split('.')[0],
      ]),
      ['edge-1', 'edge-2', 'core'].map(name => [name, true, 'batch', '5']),
    );
    assert.deepEqual(keyspaces[`${keyspace.prefix}_twin`], { core: 1, 'edge-1': 1, 'edge-2': 1 });
    assert.deepEqual(schema, { applied: migrations.length, latest: migrations.length });
  });

  it('takes other settings, and verify names what is not as they say', async () => {
    await again({ retention: { ...RETENTION, historyTtlDays: 30 } });
    assert.deepEqual(await faults(), [
      'options: report_history: default_time_to_live is 2592000, not 31536000; report_day: default_time_to_live is 2764800, not 31708800',
    ]);
    await again();
    assert.deepEqual(await faults(), []);
  });

  it('is found wrong where somebody has changed it', async () => {
    const { admin } = keyspace;
    await admin.run('ALTER TABLE {twin}.twin_live ADD more int');
    await admin.run('ALTER TABLE {twin}.replication_marker WITH gc_grace_seconds = 60');
    await admin.run('ALTER TABLE {control}.standby DROP standby');
    assert.deepEqual(await faults(), [
      'tables: control.standby.standby is not there, not blob',
      'options: replication_marker: gc_grace_seconds is below the 10800 for which hints are kept',
    ]);
    await admin.run('ALTER TABLE {twin}.replication_marker WITH gc_grace_seconds = 864000');
    await admin.run('ALTER TABLE {control}.standby ADD standby blob');
    assert.deepEqual(await faults(), []);
  });

  it('is found wrong where a domain has no replica, or ownership an even number of domains', async () => {
    await again({ twin: { 'edge-1': 1, core: 1 } });
    await keyspace.admin.run(
      `ALTER KEYSPACE {control} WITH replication = {'class': 'NetworkTopologyStrategy', 'edge-1': 1, 'core': 1}`,
    );
    const [first = '', second = ''] = await faults();
    assert.match(first, /twin replication: datacentre edge-2 has no replica/);
    assert.match(second, /control replication: 2 datacentres: ownership needs an odd number/);
    const whole = { 'edge-1': 1, 'edge-2': 1, core: 1 };
    await again({ twin: whole, control: whole });
    assert.deepEqual(await faults(), []);
  });

  it('is refused for a datacentre that has no node, and for an even number of control domains', async () => {
    await assert.rejects(again({ twin: { 'edge-9': 1 } }), { code: 'CONFIG_INVALID', message: /no node is in edge-9/ });
    await assert.rejects(again({ control: { 'edge-1': 1, core: 1 } }), { code: 'CONFIG_INVALID' });
  });

  it('is refused where a migration was edited after it had been applied, or is of a later release', async () => {
    const edited = migrations.map((one, i) => (i === 0 ? { ...one, checksum: 'another' } : one));
    await assert.rejects(again({ migrations: edited }), {
      code: 'STORE_SCHEMA',
      message: /migration 1 was applied as/,
    });
    await assert.rejects(again({ migrations: migrations.slice(0, -1) }), {
      code: 'STORE_SCHEMA',
      message: new RegExp(`the cluster has migration ${migrations.length}, this release has not`),
    });
  });

  it('is brought to the end where migrate was interrupted', async () => {
    const { admin } = keyspace;
    await admin.run('DELETE FROM {control}.migration WHERE version = ?', [migrations.length], {
      consistency: 'QUORUM',
    });
    assert.match((await faults())[0] ?? '', /migrations: .* is not applied/);
    assert.equal((await again()).length, 1);
    assert.deepEqual(await faults(), []);
  });

  it('says by name that no node answers', async () => {
    await assert.rejects(openAdmin({ contactPoints: ['127.0.0.1:1'] }, 'x'), { code: 'STORE_AWAY' });
  });
});
