import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  checkControl,
  quorumSpansDomains,
  replicationCql,
  replicationSetting,
  replicationText,
  sameReplication,
  usualReplication,
} from '../../../../store/cassandra/replication.js';

describe('replication', () => {
  it('is read as datacentres with replicas, and said the same way', () => {
    const found = replicationSetting('edge-1=3,core=1');
    assert.deepEqual(found, { 'edge-1': 3, core: 1 });
    assert.equal(replicationText(found), 'core=1,edge-1=3');
    assert.equal(replicationCql(found), "{'class': 'NetworkTopologyStrategy', 'edge-1': 3, 'core': 1}");
    for (const text of ['edge-1', 'edge-1=0', 'edge-1=x', '=3', 'a=1,', "a'=1"])
      assert.throws(() => replicationSetting(text), /a list of DATACENTRE=REPLICAS/, text);
  });

  it('is the same whatever the order', () => {
    assert.ok(sameReplication({ a: 1, b: 2 }, { b: 2, a: 1 }));
    assert.ok(!sameReplication({ a: 1 }, { a: 2 }));
    assert.ok(!sameReplication({ a: 1 }, { a: 1, b: 1 }));
  });

  it('is usually three in each datacentre, or as many as it has nodes', () => {
    const nodes = ['a', 'a', 'a', 'a', 'b'].map((datacentre, i) => ({ address: String(i), datacentre, up: true }));
    assert.deepEqual(usualReplication(nodes), { a: 3, b: 1 });
  });

  it('is refused for ownership over an even number of domains', () => {
    assert.throws(() => checkControl({ a: 1, b: 1 }), { code: 'CONFIG_INVALID' });
    assert.throws(() => checkControl({}), { code: 'CONFIG_INVALID' });
    assert.deepEqual(checkControl({ a: 1, b: 1, c: 1 }), { a: 1, b: 1, c: 1 });
  });

  it('lets a majority always reach a second domain exactly where no domain alone is one', () =>
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }), counts => {
        const replication = Object.fromEntries(counts.map((count, i) => [`d${i}`, count]));
        const total = counts.reduce((sum, count) => sum + count, 0);
        const aloneIsMajority = counts.some(count => 2 * count > total);
        assert.equal(quorumSpansDomains(replication), !aloneIsMajority);
      }),
    ));
});
