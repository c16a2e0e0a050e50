import assert from 'node:assert/strict';
import { run } from '../../../../../store/cassandra/admin/cli.js';
import { resourceCql, ROLES } from '../../../../../store/cassandra/admin/roles.js';

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
});
