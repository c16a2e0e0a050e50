import assert from 'node:assert/strict';
import type { CassandraControlStore } from '../../../../../store/cassandra/control/control-store.js';
import { MemoryControlSession } from '../../../../fakes/memory-control-session.js';
import { owner } from '../../../../fakes/store-rows.js';
import { always, memoryControlStore, once } from './memory-control-store.js';

describe('a claim on Cassandra whose outcome nobody tells', () => {
  let session: MemoryControlSession;
  let store: CassandraControlStore;
  beforeEach(async () => {
    session = new MemoryControlSession();
    store = memoryControlStore(session);
    await store.insertOwner(owner('car-1', 0));
  });

  it('is applied where it is read back', async () => {
    once(session, 'owner.claim', 'answer lost');
    assert.equal(await store.claim(owner('car-1', 1)), 'applied');
  });

  it('is refused where another of its epoch is read back', async () => {
    await store.claim(owner('car-1', 4, { handover: 'another' }));
    once(session, 'owner.claim', 'request lost');
    assert.equal(await store.claim(owner('car-1', 4)), 'refused');
  });

  it('stays unknown where a higher epoch is read back, for it may have been applied before that one', async () => {
    const other = memoryControlStore(session);
    session.fate = ({ name }) => {
      if (name !== 'owner.claim') return 'done';
      session.fate = () => 'done';
      void other.claim(owner('car-1', 2));
      return 'answer lost';
    };
    const mine = store.claim(owner('car-1', 1));
    session.turns = statement => (statement.name === 'owner.read' ? 20 : 1);
    assert.equal(await mine, 'unknown');
    assert.deepEqual(await store.owner('car-1'), owner('car-1', 2));
  });

  it('stays unknown where the row is below it, for it may still come', async () => {
    once(session, 'owner.claim', 'late');
    assert.equal(await store.claim(owner('car-1', 1)), 'unknown');
    session.deliverLate();
    assert.deepEqual(await store.owner('car-1'), owner('car-1', 1));
    assert.equal(await store.claim(owner('car-1', 1)), 'applied', 'and the same claim again is the same claim');
  });

  it('stays unknown where it cannot be read back', async () => {
    always(session, { 'owner.claim': 'answer lost', 'owner.read': 'request lost' });
    assert.equal(await store.claim(owner('car-1', 1)), 'unknown');
  });

  it('is read back again where reading fails under contention', async () => {
    let failures = 2;
    session.fate = ({ name }) =>
      name === 'owner.claim' ? 'answer lost' : name === 'owner.read' && failures-- > 0 ? 'request lost' : 'done';
    assert.equal(await store.claim(owner('car-1', 1)), 'applied');
  });

  it('is no claim where a cluster that loses what it acknowledges was not even asked', async () => {
    once(session, 'owner.claim', 'not durable');
    await assert.rejects(store.claim(owner('car-1', 1)), { code: 'STORE_NOT_DURABLE' });
    assert.deepEqual(await store.owner('car-1'), owner('car-1', 0));
  });
});

describe('the first owner of a vehicle on Cassandra', () => {
  it('is there, is another, or nobody knows, as it is read back', async () => {
    const session = new MemoryControlSession();
    const store = memoryControlStore(session);
    once(session, 'owner.insert', 'request lost');
    assert.equal(await store.insertOwner(owner('car-1', 0)), 'unknown');
    once(session, 'owner.insert', 'answer lost');
    assert.equal(await store.insertOwner(owner('car-1', 0)), 'applied');
    once(session, 'owner.insert', 'answer lost');
    assert.equal(await store.insertOwner(owner('car-1', 0, { host: 'edge-2/7' })), 'refused');
  });
});

describe('an epoch burnt on Cassandra', () => {
  let session: MemoryControlSession;
  let store: CassandraControlStore;
  beforeEach(() => {
    session = new MemoryControlSession();
    store = memoryControlStore(session);
  });

  for (const name of ['epoch.first', 'epoch.burn'] as const) {
    it(`is given to the burn whose id the row has, after an answer that was lost (${name})`, async () => {
      if (name === 'epoch.burn') assert.equal(await store.burnEpoch('car-1'), 1);
      const next = name === 'epoch.burn' ? 2 : 1;
      once(session, name, 'answer lost');
      assert.equal(await store.burnEpoch('car-1'), next);
      assert.equal(await store.highestEpoch('car-1'), next);
    });

    it(`is given once, though its request comes late (${name})`, async () => {
      if (name === 'epoch.burn') await store.burnEpoch('car-1');
      const before = await store.highestEpoch('car-1');
      once(session, name, 'late');
      const first = await store.burnEpoch('car-1');
      session.deliverLate();
      assert.deepEqual([first, await store.burnEpoch('car-1')], [before + 1, before + 2]);
    });
  }

  it('is lost where another burn came over it before it was read back, and the next one is given', async () => {
    await store.burnEpoch('car-1');
    const other = memoryControlStore(session);
    let meanwhile: Promise<number> | undefined;
    session.fate = ({ name }) => {
      if (name !== 'epoch.burn') return 'done';
      session.fate = () => 'done';
      meanwhile = other.burnEpoch('car-1', 10);
      return 'answer lost';
    };
    const mine = await store.burnEpoch('car-1');
    const theirs = await meanwhile;
    assert.notEqual(mine, theirs);
    assert.equal(await store.highestEpoch('car-1'), Math.max(mine, theirs ?? 0));
  });

  it('is above a claimed one and above what it is told', async () => {
    await store.insertOwner(owner('car-1', 0));
    await store.claim(owner('car-1', 6));
    assert.equal(await store.burnEpoch('car-1', 4), 7);
    assert.equal(await store.burnEpoch('car-1', 11), 12);
  });

  it('is refused with the fault of the store where that is away', async () => {
    session.fate = () => 'request lost';
    await assert.rejects(store.burnEpoch('car-1'), { code: 'STORE_AWAY' });
  });
});
