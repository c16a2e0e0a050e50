import assert from 'node:assert/strict';
import { GroupCommit } from '../../../../vmd/ingest/group-commit.js';
import { fakeClock } from '../../../fakes/fake-clock.js';

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

/** A group whose writes end when they are told to, and what became of each item. */
function scene(options: { readonly inFlight: number; readonly size: number; readonly limit?: number }) {
  const writes: { readonly batch: readonly number[]; end(error?: Error): void }[] = [];
  const ended: string[] = [];
  const group = new GroupCommit<number>({
    limit: options.limit ?? 100,
    inFlight: options.inFlight,
    size: options.size,
    clock: fakeClock(0),
    write: batch =>
      new Promise((resolve, reject) =>
        writes.push({ batch, end: error => (error === undefined ? resolve() : reject(error)) }),
      ),
    onDurable: batch => ended.push(...batch.map(item => `${item} durable`)),
    onFailed: batch => ended.push(...batch.map(item => `${item} failed`)),
  });
  const batches = (): (readonly number[])[] => writes.map(({ batch }) => batch);
  return { group, writes, ended, batches };
}

describe('group commit', () => {
  it('puts all that wait into one write where they share it', async () => {
    const { group, batches } = scene({ inFlight: 2, size: Infinity });
    for (const item of [1, 2, 3]) group.push(item);
    await turn();
    for (const item of [4, 5]) group.push(item);
    await turn();
    assert.deepEqual(batches(), [
      [1, 2, 3],
      [4, 5],
    ]);
  });

  it('writes each by itself where they share nothing: none waits for another, or fails with it', async () => {
    const { group, writes, ended, batches } = scene({ inFlight: 10, size: 1 });
    for (const item of [1, 2, 3]) group.push(item);
    await turn();
    assert.deepEqual(batches(), [[1], [2], [3]]);
    writes[2]?.end();
    await turn();
    assert.deepEqual(ended, ['3 durable']);
    writes[0]?.end(new Error('late'));
    await turn();
    assert.deepEqual(ended, ['3 durable', '1 failed']);
    writes[1]?.end();
    await group.flushed();
    assert.deepEqual([ended.at(-1), group.depth, group.stalledMs], ['2 durable', 0, 0]);
  });

  it('has no more writes under way than it may, in the order of what came, and takes no more than its bound', async () => {
    const { group, writes, batches } = scene({ inFlight: 2, size: 1, limit: 4 });
    assert.deepEqual([1, 2, 3, 4, 5].map(item => group.push(item)), [true, true, true, true, false]); // prettier-ignore
    await turn();
    assert.deepEqual(batches(), [[1], [2]]);
    writes[1]?.end();
    await turn();
    await turn();
    assert.deepEqual(batches(), [[1], [2], [3]]);
    assert.equal(group.push(5), true);
  });

  it('is flushed once all that it took is settled, also what waited for a place', async () => {
    const { group, writes, ended } = scene({ inFlight: 1, size: 1 });
    for (const item of [1, 2, 3]) group.push(item);
    const flushed = group.flushed();
    for (const { end } of writes) end();
    await flushed;
    assert.deepEqual(ended, ['1 durable', '2 durable', '3 durable']);
  });
});
