import assert from 'node:assert/strict';
import fc from 'fast-check';
import { TransferTable } from '../../../../protocol/coap/transfers.js';

const OVERHEAD = 512;

describe('the table of transfers', () => {
  it('forgets what nobody touched for its lifetime', () => {
    const table = new TransferTable<string>({ lifetimeMs: 100, maxPerPeer: 9, maxBytes: 1e6 });
    table.put('a', '1', 'one', 10, 0);
    table.put('a', '2', 'two', 10, 0);
    assert.equal(table.get('a', '1', 99), 'one');
    assert.equal(table.get('a', '2', 100), undefined);
    assert.equal(table.get('a', '1', 150), 'one');
    assert.equal(table.get('b', '1', 150), undefined);
    assert.equal(table.get('a', '1', 250), undefined);
    assert.equal(table.bytes, 0);
  });

  it('lets a peer that opens too many displace its own oldest', () => {
    const table = new TransferTable<number>({ lifetimeMs: 100, maxPerPeer: 2, maxBytes: 1e6 });
    table.put('b', 'x', 0, 1, 0);
    table.put('a', '1', 1, 1, 0);
    table.put('a', '2', 2, 1, 0);
    table.get('a', '1', 1);
    table.put('a', '3', 3, 1, 1);
    assert.deepEqual(
      ['1', '2', '3'].map(key => table.get('a', key, 1)),
      [1, undefined, 3],
    );
    assert.equal(table.get('b', 'x', 1), 0);
  });

  it('holds its bounds whatever comes, and the newest in them', () => {
    const step = fc.record({
      peer: fc.constantFrom('a', 'b', 'c', 'd'),
      key: fc.constantFrom('1', '2', '3', '4'),
      bytes: fc.nat(3_000),
      waitMs: fc.nat(40),
      remove: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), steps => {
        const maxBytes = 6_000;
        const table = new TransferTable<number>({ lifetimeMs: 100, maxPerPeer: 3, maxBytes });
        let nowMs = 0;
        let size = 0;
        for (const [value, { peer, key, bytes, waitMs, remove }] of steps.entries()) {
          nowMs += waitMs;
          table.put(peer, key, value, bytes, nowMs);
          assert.equal(table.get(peer, key, nowMs), bytes + OVERHEAD > maxBytes ? undefined : value);
          if (remove) table.remove(peer, key);
          assert.ok(table.bytes <= maxBytes);
          ({ size } = table);
          assert.ok(size <= 12);
          assert.equal(table.bytes === 0, size === 0);
        }
      }),
    );
  });
});
