import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { HandoverRow } from '../../../../../store/types.js';
import { MemoryControlSession, type Fate } from '../../../../fakes/memory-control-session.js';
import { START_MS } from '../../../../fakes/store-rows.js';
import { memoryControlStore } from './memory-control-store.js';

const row = (id: string, open: boolean, state: string): HandoverRow => ({
  ...{ id, vehicle: 'car-1', open, startedAtMs: START_MS + 0.5, schema: 1, state },
});

/** Of the writes of one put: this many get through, the rest does not, as when the writer dies or is cut off. */
function cutAfter(session: MemoryControlSession, writes: number, fate: Fate): void {
  let left = writes;
  session.fate = () => (left-- > 0 ? 'done' : fate);
}

describe('a hand-over on Cassandra', () => {
  let session: MemoryControlSession;
  beforeEach(() => (session = new MemoryControlSession()));

  it('has its intent in one write', async () => {
    await memoryControlStore(session).putHandover(row('h', true, 'preparing'));
    assert.deepEqual(session.reached, ['handover.open']);
  });

  it('is listed before it has ended, and closed after that', async () => {
    await memoryControlStore(session).putHandover(row('h', false, 'completed'));
    const { reached } = session;
    assert.equal(reached[0], 'handover.hour');
    assert.deepEqual(reached.slice(1, 3).sort(), ['handover.list-by-hour', 'handover.list-by-vehicle']);
    assert.deepEqual(reached.slice(3), ['handover.end', 'handover.close']);
  });

  it('is always open or ended, and listed once, wherever the writer of its end died, and can be ended again', async () => {
    const cuts = fc.tuple(fc.integer({ min: 0, max: 5 }), fc.constantFrom<Fate>('request lost', 'answer lost'));
    await fc.assert(
      fc.asyncProperty(cuts, async ([writes, fate]) => {
        const cluster = new MemoryControlSession();
        const first = memoryControlStore(cluster);
        await first.putHandover(row('h', true, 'activating'));
        cutAfter(cluster, writes, fate);
        const told = await first.putHandover(row('h', false, 'completed')).then(
          () => true,
          () => false,
        );
        cluster.fate = () => 'done';
        const next = memoryControlStore(cluster, 2);
        const open = await next.openHandovers();
        if (told) assert.deepEqual(open, []);
        assert.equal((await next.handovers({ limit: 9 })).length, 1);
        assert.equal((await next.handovers({ vehicle: 'car-1', limit: 9 })).length, 1);
        assert.equal((await next.handover('h'))?.open, open.length === 1);
        // The next manager continues it, and it ends in its own way.
        if (open.length === 0) return;
        await next.putHandover(row('h', false, 'failed'));
        assert.deepEqual(await next.openHandovers(), []);
        assert.deepEqual(await next.handovers({ limit: 9 }), [row('h', false, 'failed')]);
        assert.deepEqual(await next.handovers({ vehicle: 'car-1', limit: 9 }), [row('h', false, 'failed')]);
      }),
    );
  });

  it('stays ended where a late write of its intent comes after its end', async () => {
    const store = memoryControlStore(session);
    session.fate = () => 'late';
    await assert.rejects(store.putHandover(row('h', true, 'preparing')), { code: 'STORE_AWAY' });
    session.fate = () => 'done';
    await store.putHandover(row('h', false, 'completed'));
    session.deliverLate();
    assert.deepEqual(await store.openHandovers(), []);
    assert.equal((await store.handover('h'))?.open, false);
    assert.deepEqual(await store.handovers({ limit: 9 }), [row('h', false, 'completed')]);
  });
});
