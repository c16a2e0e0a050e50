import assert from 'node:assert/strict';
import { inKeyspaces, OPERATIONS, statement } from '../../../../store/cassandra/consistency.js';
import type { Operation } from '../../../../store/cassandra/operation.js';

const rows: [string, Operation][] = Object.entries(OPERATIONS);

describe('the table of consistencies', () => {
  it('has every lightweight transaction at SERIAL over all control domains, with its commit at QUORUM', () => {
    const cas = rows.filter(([, { kind }]) => kind === 'cas');
    assert.ok(cas.length > 0);
    for (const [name, { keyspace, serial, consistency }] of cas)
      assert.deepEqual([keyspace, serial, consistency], ['control', 'SERIAL', 'QUORUM'], name);
  });

  it('has nothing local in the control keyspace but the copies of device rows', () => {
    const local = rows.filter(([, row]) => row.keyspace === 'control' && row.consistency.startsWith('LOCAL'));
    assert.deepEqual(
      local.map(([name]) => name),
      ['device.copy'],
    );
  });

  it('waits for no other domain on the path of a report unless it was asked to', () => {
    const wide = rows.filter(([, row]) => row.keyspace === 'twin' && !row.consistency.startsWith('LOCAL'));
    assert.deepEqual(
      wide.map(([name]) => name),
      ['history.append-replicated', 'history.day-replicated'],
    );
  });

  it('has the acknowledgement, and what meets it, at a majority', () => {
    for (const name of ['history.append', 'history.day', 'history.days', 'history.read'] as const)
      assert.equal(OPERATIONS[name].consistency, 'LOCAL_QUORUM', name);
  });

  it('makes statements with what it says', () => {
    const { why: _, keyspace: __, ...said } = OPERATIONS['live.put'];
    assert.deepEqual(statement('live.put', 'X'), { name: 'live.put', cql: 'X', ...said });
  });

  it('puts the keyspaces of a prefix in', () =>
    assert.equal(inKeyspaces('{twin}.a {control}.b {twin}.c', 'x'), 'x_twin.a x_control.b x_twin.c'));
});
