import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MemoryControlSession, type Fate } from '../../../../fakes/memory-control-session.js';
import { memoryControlStore, once } from './memory-control-store.js';

const row = { vehicle: 'car-1', version: 1, id: 'a', desired: { batchMax: 4 } };

describe('settings of vehicles on Cassandra', () => {
  it('are applied where the answer alone was lost, and unknown where the request was', async () => {
    const session = new MemoryControlSession();
    const store = memoryControlStore(session);
    once(session, 'settings.first', 'answer lost');
    assert.equal(await store.putSettings(row), 'applied');
    once(session, 'settings.change', 'request lost');
    assert.equal(await store.putSettings({ ...row, version: 2, id: 'b' }), 'unknown');
    assert.deepEqual(await store.settings('car-1'), row);
  });

  it('are refused where somebody else was first, whatever was heard of it', async () => {
    const session = new MemoryControlSession();
    const [store, other] = [memoryControlStore(session), memoryControlStore(session, 2)];
    await other.putSettings({ ...row, version: 2, id: 'b' });
    assert.equal(await store.putSettings(row), 'refused');
    once(session, 'settings.answer', 'answer lost');
    assert.equal(await store.putSettings({ ...row, version: 2 }), 'refused');
  });

  it('never are two changes under one version, and never go back, whatever is lost on the way', async () => {
    const fates = fc.array(fc.constantFrom<Fate>('done', 'done', 'request lost', 'answer lost'));
    const wishes = fc.array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.constantFrom('a', 'b')), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(wishes, fates, async (list, drawn) => {
        const session = new MemoryControlSession();
        let at = 0;
        session.fate = () => drawn[at++] ?? 'done';
        const stores = [memoryControlStore(session), memoryControlStore(session, 2)];
        const ids = new Map<number, Set<string>>();
        let highest = 0;
        for (const [i, [version, id]] of list.entries()) {
          const outcome = await stores[i % 2]!.putSettings({ ...row, version, id }).catch(() => 'unknown' as const);
          if (outcome !== 'applied') continue;
          ids.set(version, (ids.get(version) ?? new Set()).add(id));
          assert.ok(version >= highest, 'an older version was applied');
          highest = version;
        }
        for (const changes of ids.values()) assert.equal(changes.size, 1, 'two changes under one version');
      }),
      { numRuns: 200 },
    );
  });
});
