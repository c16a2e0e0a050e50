import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adminOf } from '../../../../../store/cassandra/admin/admin.js';
import { run } from '../../../../../store/cassandra/admin/cli.js';
import { makeRoles, resourceCql, ROLES } from '../../../../../store/cassandra/admin/roles.js';
import { fakeDriver, type FakeDriver } from '../../../../fakes/fake-driver.js';

describe('administration of the store', () => {
  it('names rights as Cassandra lists them', () => {
    assert.equal(resourceCql('<table fleet_twin.twin_live>'), 'TABLE fleet_twin.twin_live');
    assert.equal(resourceCql('<keyspace fleet_twin>'), 'KEYSPACE fleet_twin');
    assert.equal(resourceCql('<all keyspaces>'), 'ALL keyspaces');
  });

  it('lets nobody but md-manager write to control, and only vMD hosts write reports', () => {
    const writers = (keyspace: string): string[] =>
      Object.entries(ROLES)
        .filter(([, rights]) => rights.some(([right, on]) => right === 'MODIFY' && on.includes(keyspace)))
        .map(([role]) => role);
    assert.deepEqual(writers('{control}'), ['md_manager']);
    assert.deepEqual(writers('{twin}'), ['vmd']);
  });

  it('names what it does not know, and every fault of its settings', async () => {
    await assert.rejects(run(['drop'], {}), { code: 'CONFIG_INVALID', message: /'drop' is none of migrate, status/ });
    await assert.rejects(run([], {}), { code: 'CONFIG_INVALID' });
    await assert.rejects(run(['status'], {}), { code: 'CONFIG_INVALID', message: /has no node/ });
    await assert.rejects(run(['migrate', '--twin-replication', 'x', '--grace-days', '0'], {}), {
      code: 'CONFIG_INVALID',
      message: /twin\.replication must be a list.*graceDays must be an integer/,
    });
  });

  describe('roles', () => {
    let folder: string;
    let driver: FakeDriver;
    const cql = (): string[] => driver.executed.map(executed => executed.cql);
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'edgetwin-roles-'));
      driver = fakeDriver();
    });
    afterEach(() => rm(folder, { recursive: true }));

    it('never show a password in an error', async () => {
      driver.answer(executed =>
        executed.cql.startsWith('CREATE') ? Promise.reject(new Error('no')) : Promise.resolve({ rows: [] }),
      );
      await assert.rejects(makeRoles(adminOf(driver, 'fleet'), folder), error => {
        const password = /PASSWORD = '(.+?)'/.exec(cql().at(-1) ?? '')?.[1] ?? '';
        assert.ok(password.length >= 32);
        assert.match(String(error), /STORE_FAILED.*CREATE ROLE fleet_vmd: no$/);
        return !String(error).includes(password);
      });
    });

    it('keep their passwords when they are made again, and get others without their files', async () => {
      await makeRoles(adminOf(driver, 'fleet'), folder);
      assert.equal(cql().filter(text => text.startsWith('CREATE ROLE')).length, Object.keys(ROLES).length);
      driver.executed.length = 0;
      driver.answer(executed => {
        const roles = Object.keys(ROLES).map(role => ({ role: `fleet_${role}` }));
        return Promise.resolve({ rows: executed.cql === 'LIST ROLES' ? roles : [] });
      });
      await rm(join(folder, 'fleet_audit.password'));
      await makeRoles(adminOf(driver, 'fleet'), folder);
      assert.deepEqual(
        cql()
          .filter(text => /ROLE fleet/.test(text))
          .map(text => text.split(' ', 3).join(' ')),
        ['ALTER ROLE fleet_audit'],
      );
    });

    it('lose the rights that they should not have', async () => {
      driver.answer(executed =>
        Promise.resolve({
          rows: executed.cql.includes('OF fleet_analytics')
            ? [
                { permission: 'MODIFY', resource: '<keyspace fleet_twin>' },
                { permission: 'SELECT', resource: '<keyspace fleet_twin>' },
              ]
            : [],
        }),
      );
      await makeRoles(adminOf(driver, 'fleet'), folder);
      assert.deepEqual(
        cql().filter(text => text.startsWith('REVOKE')),
        ['REVOKE MODIFY ON KEYSPACE fleet_twin FROM fleet_analytics'],
      );
    });
  });
});
