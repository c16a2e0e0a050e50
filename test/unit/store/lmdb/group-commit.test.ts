import assert from 'node:assert/strict';
import { GroupCommit } from '../../../../store/lmdb/group-commit.js';

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

/** A disk that ends commits when it is told to. */
function scriptedDisk(): {
  readonly groups: number[][];
  commit(items: readonly number[]): Promise<void>;
  end(error?: Error): Promise<void>;
} {
  const waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const groups: number[][] = [];
  return {
    groups,
    commit: items =>
      new Promise((resolve, reject) => {
        groups.push([...items]);
        waiting.push({ resolve, reject });
      }),
    async end(error) {
      const first = waiting.shift();
      if (error === undefined) first?.resolve();
      else first?.reject(error);
      await turn();
    },
  };
}

describe('group commit', () => {
  const open = (
    inFlight = 1,
    maxWaiting = 100,
  ): { disk: ReturnType<typeof scriptedDisk>; group: GroupCommit<number> } => {
    const disk = scriptedDisk();
    return { disk, group: new GroupCommit({ commit: items => disk.commit(items), inFlight, maxWaiting }) };
  };

  it('gathers what comes in one turn, and what comes while the disk is busy', async () => {
    const { disk, group } = open();
    const first = [group.submit([1]), group.submit([2, 3])];
    await turn();
    const second = [group.submit([4]), group.submit([5])];
    await turn();
    assert.deepEqual(disk.groups, [[1, 2, 3]]);
    await disk.end();
    await Promise.all(first);
    await turn();
    assert.deepEqual(disk.groups, [
      [1, 2, 3],
      [4, 5],
    ]);
    await disk.end();
    await Promise.all(second);
  });

  it('has as many groups with the disk as it may', async () => {
    const { disk, group } = open(2);
    const all: Promise<void>[] = [];
    for (let i = 0; i < 4; i++) {
      all.push(group.submit([i]));
      await turn();
    }
    assert.deepEqual(disk.groups, [[0], [1]]);
    await disk.end();
    await turn();
    assert.deepEqual(disk.groups, [[0], [1], [2, 3]]);
    await disk.end();
    await disk.end();
    await Promise.all(all);
  });

  it('tells a failure to those of the group alone, and goes on', async () => {
    const { disk, group } = open();
    const first = group.submit([1]);
    await turn();
    const second = group.submit([2]);
    const failed = assert.rejects(first, /disk full/);
    await disk.end(new Error('disk full'));
    await failed;
    await turn();
    await disk.end();
    await second;
  });

  it('refuses what is more than may wait', async () => {
    const { disk, group } = open(1, 3);
    const first = group.submit([1]);
    await turn();
    const second = group.submit([2, 3]);
    await assert.rejects(group.submit([4, 5]), { code: 'STORE_FAILED' });
    await disk.end();
    await turn();
    await disk.end();
    await Promise.all([first, second]);
  });

  it('is settled once everything has been written or refused', async () => {
    const { disk, group } = open();
    const first = group.submit([1]);
    const settled = group.settled().then(() => disk.groups.length);
    await turn();
    const second = group.submit([2]);
    await disk.end();
    await turn();
    await disk.end();
    assert.equal(await settled, 2);
    await Promise.all([first, second]);
    await group.settled();
  });
});
