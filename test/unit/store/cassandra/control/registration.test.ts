import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { CassandraControlStore } from '../../../../../store/cassandra/control/control-store.js';
import { MemoryControlSession, type Fate } from '../../../../fakes/memory-control-session.js';
import { device } from '../../../../fakes/store-rows.js';
import { memoryControlStore, once } from './memory-control-store.js';

describe('a registration on Cassandra', () => {
  let session: MemoryControlSession;
  let store: CassandraControlStore;
  beforeEach(() => {
    session = new MemoryControlSession();
    store = memoryControlStore(session);
  });

  it('takes the number before the vehicle, so that two vehicles never get one', async () => {
    await store.insertDevice(device('car-1', 1));
    assert.deepEqual(session.reached, ['device.take-number', 'device.insert']);
  });

  it('that was interrupted in between is ended when the vehicle comes again, and by nobody else', async () => {
    once(session, 'device.insert', 'request lost');
    assert.equal(await store.insertDevice(device('car-1', 1)), 'unknown');
    assert.equal(await store.device('car-1'), undefined);
    assert.equal(await store.insertDevice(device('car-2', 1)), 'refused');
    assert.equal(await store.insertDevice(device('car-1', 1)), 'applied');
  });

  it('of a vehicle that has a number gives the other one back', async () => {
    await store.insertDevice(device('car-1', 1));
    assert.equal(await store.insertDevice(device('car-1', 2)), 'refused');
    assert.equal(await store.insertDevice(device('car-2', 2)), 'applied');
  });

  it('is applied, refused or unknown as each of its two halves is read back', async () => {
    once(session, 'device.take-number', 'answer lost');
    assert.equal(await store.insertDevice(device('car-1', 1)), 'applied');
    once(session, 'device.take-number', 'answer lost');
    assert.equal(await store.insertDevice(device('car-2', 1)), 'refused');
    once(session, 'device.take-number', 'request lost');
    assert.equal(await store.insertDevice(device('car-2', 2)), 'unknown');
    once(session, 'device.insert', 'answer lost');
    assert.equal(await store.insertDevice(device('car-2', 2)), 'applied');
    once(session, 'device.insert', 'answer lost');
    assert.equal(await store.insertDevice(device('car-2', 3)), 'refused');
  });

  it('never gives one number to two vehicles or two to one, whatever is lost on the way', async () => {
    const fates = fc.array(fc.constantFrom<Fate>('done', 'done', 'request lost', 'answer lost', 'late'));
    const wishes = fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })), {
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(wishes, fates, async (list, drawn) => {
        const cluster = new MemoryControlSession();
        let at = 0;
        cluster.fate = () => drawn[at++] ?? 'done';
        const stores = [memoryControlStore(cluster), memoryControlStore(cluster, 2)];
        await Promise.all(
          list.map(async ([car, number], i) => {
            await stores[i % 2]!.insertDevice(device(`car-${car}`, number));
            cluster.deliverLate();
          }),
        );
        for (let i = 0; i < drawn.length; i++) cluster.deliverLate();
        cluster.fate = () => 'done';
        const [reader] = stores;
        const found = await Promise.all([1, 2, 3].map(car => reader!.device(`car-${car}`)));
        const numbers = found.flatMap(row => (row === undefined ? [] : [row.number]));
        assert.equal(new Set(numbers).size, numbers.length, 'two vehicles have one number');
        for (const row of found)
          if (row !== undefined) assert.equal(cluster.rows.number.get(row.number)?.['vehicle'], row.vehicle);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the lease of a service on Cassandra', () => {
  const lease = { service: 'sdn-app', holder: 'a', url: 'http://a:1', term: 1, ttlMs: 3_000 };
  let session: MemoryControlSession;
  let store: CassandraControlStore;
  beforeEach(() => {
    session = new MemoryControlSession();
    store = memoryControlStore(session);
  });

  it('is settled by reading it back, both ways', async () => {
    once(session, 'lease.first', 'answer lost');
    assert.equal(await store.putServiceLease(lease), 'applied');
    once(session, 'lease.grant', 'request lost');
    assert.equal(await store.putServiceLease({ ...lease, holder: 'b', term: 2 }), 'unknown');
    once(session, 'lease.grant', 'answer lost');
    assert.equal(await store.putServiceLease({ ...lease, holder: 'b', term: 2 }), 'applied');
    once(session, 'lease.renew', 'request lost');
    assert.equal(await store.putServiceLease({ ...lease, holder: 'c', term: 2 }), 'refused');
  });

  it('has one holder per term, whoever asks at the same time', async () => {
    await store.putServiceLease(lease);
    const other = memoryControlStore(session, 2);
    const outcomes = await Promise.all([
      store.putServiceLease({ ...lease, holder: 'b', term: 2 }),
      other.putServiceLease({ ...lease, holder: 'c', term: 2 }),
    ]);
    assert.deepEqual([...outcomes].sort(), ['applied', 'refused']);
  });
});
