import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemTimers } from '../../../common/clock.js';
import { Resources } from '../../../common/lifecycle.js';
import { silentLog } from '../../../common/log.js';
import { clusterMissing, openCluster, type ClusterOptions } from '../../../lab/cassandra/cluster.js';
import type { Cluster } from '../../../lab/cassandra/lab-cluster.js';
import { openKeys } from '../../../lab/cassandra/keys.js';
import { openAdmin, type Admin } from '../../../store/cassandra/admin/admin.js';
import { migrate } from '../../../store/cassandra/admin/migrate.js';
import { makeRoles } from '../../../store/cassandra/admin/roles.js';
import { clusterStatus } from '../../../store/cassandra/admin/status.js';
import { verify } from '../../../store/cassandra/admin/verify.js';
import { statement } from '../../../store/cassandra/consistency.js';
import type { DriverSettings } from '../../../store/cassandra/driver.js';
import { readMigrations } from '../../../store/cassandra/schema/migrations.js';
import { openSession, type CassandraSession } from '../../../store/cassandra/session.js';
import { CassandraTwinStore } from '../../../store/cassandra/twin-store.js';
import { eventually } from '../../fakes/eventually.js';
import { cell, collect, row } from '../../fakes/store-rows.js';
import { RETENTION } from './twin-keyspace.js';

const DEPS = { clock: systemClock, timers: systemTimers, random: Math.random, log: silentLog };
const DOMAIN = 'edge-1';
const OWNERS = statement('live.read', 'SELECT vehicle FROM {control}.owner');
const CLAIM = statement('live.put', `INSERT INTO {control}.device_number (number, vehicle) VALUES (1, 'car-1')`);

/** One node of its own, and its schema. */
async function opened(
  resources: Resources,
  options: Partial<ClusterOptions>,
): Promise<{
  readonly cluster: Cluster;
  readonly folder: string;
  readonly admin: Admin;
  readonly settings: DriverSettings;
}> {
  const folder = await mkdtemp(join(tmpdir(), 'edgetwin-session-'));
  resources.defer(() => rm(folder, { recursive: true }));
  const cluster = resources.use(await openCluster({ datacentres: [DOMAIN], ...options }));
  const passwordFile = join(folder, 'admin.password');
  if (cluster.admin !== undefined) await writeFile(passwordFile, cluster.admin.password);
  const settings = {
    contactPoints: [cluster.node(DOMAIN).contactPoint],
    ...(cluster.admin === undefined ? {} : { user: cluster.admin.user, passwordFile }),
    ...(cluster.tls === undefined ? {} : { tls: cluster.tls }),
  };
  const admin = resources.use(await openAdmin(settings, 'fleet'));
  const migrations = await readMigrations();
  await migrate(admin, {
    migrations,
    retention: RETENTION,
    auth: cluster.admin !== undefined,
    onStep: () => undefined,
  });
  return { cluster, folder, admin, settings };
}

const sessionOn = (settings: DriverSettings): Promise<CassandraSession> =>
  openSession({ ...settings, datacentre: DOMAIN, keyspace: 'fleet' }, DEPS);
const storeOn = (session: CassandraSession): CassandraTwinStore =>
  new CassandraTwinStore({ domain: DOMAIN, session, clock: systemClock, ack: 'local' });

describe('a session on a real node', function () {
  this.timeout(240_000);
  before(function () {
    const missing = clusterMissing();
    if (missing === undefined) return;
    process.stderr.write(`skipped: ${missing}\n`);
    this.skip();
  });

  describe('with passwords and TLS', () => {
    const resources = new Resources();
    let cluster: Cluster;
    let folder: string;
    let admin: Admin;
    let settings: DriverSettings;
    const as = (service: string): DriverSettings => ({
      ...settings,
      user: `fleet_${service}`,
      passwordFile: join(folder, 'roles', `fleet_${service}.password`),
    });
    before(async () => {
      ({ cluster, folder, admin, settings } = await opened(resources, { password: true, tls: true }));
      await makeRoles(admin, join(folder, 'roles'));
    });
    after(() => resources[Symbol.asyncDispose]());

    it('has a role for each service, whose passwords only its owner may read, and makes them again the same', async () => {
      const file = join(folder, 'roles', 'fleet_vmd.password');
      const password = await readFile(file, 'utf8');
      assert.equal((await stat(file)).mode & 0o777, 0o600);
      await makeRoles(admin, join(folder, 'roles'));
      assert.equal(await readFile(file, 'utf8'), password);
    });

    it('lets a vMD host store and read, and neither see ownership nor write to control', async () => {
      await using session = await sessionOn(as('vmd'));
      const store = storeOn(session);
      await store.append([row('car-1', 1)]);
      await store.putLive('car-1', [cell('spd', 1, 1)]);
      assert.equal((await collect(store.history('car-1'))).length, 1);
      assert.equal(await store.deviceByNumber(7), undefined);
      await assert.rejects(session.run(OWNERS, []), { code: 'STORE_FAILED', message: /no SELECT permission/ });
      await assert.rejects(session.run(CLAIM, []), { code: 'STORE_FAILED', message: /no MODIFY permission/ });
    });

    it('lets analytics read and write nothing', async () => {
      await using session = await sessionOn(as('analytics'));
      const store = storeOn(session);
      assert.equal((await collect(store.history('car-1'))).length, 1);
      await assert.rejects(store.append([row('car-1', 2)]), { code: 'STORE_FAILED', message: /no MODIFY permission/ });
    });

    it('takes rights away that a role should not have', async () => {
      await admin.run('GRANT MODIFY ON KEYSPACE {twin} TO fleet_analytics');
      await makeRoles(admin, join(folder, 'roles'));
      const rights = (await admin.run('LIST ALL PERMISSIONS OF fleet_analytics')).map(one => String(one['permission']));
      assert.deepEqual([...new Set(rights)], ['SELECT']);
    });

    it('writes nothing for a role that may not see whether nodes keep what they acknowledge', async () => {
      await admin.run('REVOKE SELECT ON TABLE system_views.settings FROM fleet_vmd');
      try {
        await eventually('the right is gone', async () => {
          await using session = await sessionOn(as('vmd'));
          return session.state.at === 'refusing';
        });
      } finally {
        await makeRoles(admin, join(folder, 'roles'));
      }
    });

    it('says that a password is wrong, and goes on once it is right', async () => {
      const passwordFile = join(folder, 'wrong.password');
      await writeFile(passwordFile, 'wrong');
      await using session = await sessionOn({ ...as('vmd'), passwordFile });
      assert.equal(session.state.at, 'connecting');
      assert.match(
        'reason' in session.state ? (session.state.reason ?? '') : '',
        /username fleet_vmd and\/or password are incorrect/,
      );
      await writeFile(passwordFile, await readFile(join(folder, 'roles', 'fleet_vmd.password')));
      await eventually('the session is ready', () => session.state.at === 'ready');
    });

    it('does not speak to nodes that it cannot trust, nor without TLS, and says why', async () => {
      const { tls: _, ...plain } = as('vmd');
      const { tls } = settings;
      assert.ok(tls?.cert);
      const foreign = await openKeys(join(folder, 'foreign'), [DOMAIN], () => ['127.0.0.1']);
      for (const [wrong, code, why] of [
        [plain, 'STORE_AWAY', /no node answered/],
        [
          { ...as('vmd'), tls: { ...tls, ca: foreign.client.ca } },
          'STORE_FAILED',
          /no TLS with .*: self-signed certificate/,
        ],
        // A certificate that vouches for nobody's: the client's own.
        [{ ...as('vmd'), tls: { ...tls, ca: tls.cert } }, 'STORE_FAILED', /no TLS with .*: (self-signed|unable to)/],
        [{ ...as('vmd'), tls: { ca: tls.ca } }, 'STORE_FAILED', /no TLS with .*: ERR_SSL_/],
      ] as const) {
        await using session = await sessionOn(wrong);
        assert.equal(session.state.at, 'connecting');
        await eventually('it says why', () => 'reason' in session.state && why.test(session.state.reason ?? ''));
        await assert.rejects(openAdmin(wrong, 'fleet'), { code, message: why });
      }
    });

    it('is verified as a cluster whose clients log in', async () => {
      const migrations = await readMigrations();
      const status = await clusterStatus(admin, migrations);
      const checks = await verify(admin, status, { migrations, retention: RETENTION, auth: true });
      assert.deepEqual(
        checks.filter(({ ok }) => !ok),
        [],
      );
    });

    it('is away while its node is, refuses at once and holds nothing, and goes on by itself', async () => {
      await using session = await sessionOn(as('vmd'));
      const store = storeOn(session);
      const node = cluster.node(DOMAIN);
      await node.kill();
      const rows = Array.from({ length: 2_000 }, (_, i) => row('car-2', i + 1));
      await eventually('the session is away', async () => {
        await assert.rejects(store.append(rows), { code: 'STORE_AWAY' });
        return session.state.at === 'away';
      });
      await eventually('nothing waits', () => session.load.running === 0 && session.load.waiting === 0);
      await node.restart();
      await eventually('the session is ready', () => session.state.at === 'ready');
      await store.append(rows);
      assert.equal((await collect(store.history('car-2'))).length, rows.length);
    });

    it('opens while the node is away, and is ready when it has come', async () => {
      const node = cluster.node(DOMAIN);
      await node.kill();
      await using session = await sessionOn(as('vmd'));
      assert.equal(session.state.at, 'connecting');
      await assert.rejects(storeOn(session).append([row('car-3', 1)]), { code: 'STORE_AWAY' });
      await node.restart();
      await eventually('the session is ready', () => session.state.at === 'ready');
      await storeOn(session).append([row('car-3', 1)]);
    });
  });

  it('with periodic commit logs refuses to acknowledge, by name, and reads', async () => {
    await using resources = new Resources();
    const { settings, admin } = await opened(resources, { commitlogSync: 'periodic' });
    await using session = await sessionOn(settings);
    const store = storeOn(session);
    assert.equal(session.state.at, 'refusing');
    await assert.rejects(store.append([row('car-1', 1)]), { code: 'STORE_NOT_DURABLE', message: /is periodic/ });
    assert.deepEqual(await collect(store.history('car-1')), []);
    const migrations = await readMigrations();
    const checks = await verify(admin, await clusterStatus(admin, migrations), {
      ...{ migrations, retention: RETENTION, auth: false },
    });
    assert.match(checks.find(({ check }) => check === 'commitlog_sync')?.say ?? '', /has periodic, not batch or group/);
  });
});
