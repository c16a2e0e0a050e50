import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLmdbControlStore } from '../../../store/lmdb/control-store.js';
import type { HandoverRow } from '../../../store/types.js';

const rowOf = (n: number): HandoverRow => ({
  ...{ id: `h-${n}`, vehicle: `car-${n % 2}`, open: n % 3 === 0, startedAtMs: 1_000 + Math.floor(n / 2) },
  ...{ schema: 1, state: { n } },
});

describe('a long ledger in lmdb', () => {
  it('is read whole, newest first, each hand-over once, in pieces', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'edgetwin-'));
    try {
      await using store = await openLmdbControlStore({ path: folder });
      const rows = Array.from({ length: 1_300 }, (_, n) => rowOf(n));
      await Promise.all(rows.map(row => store.putHandover(row)));
      const key = ({ startedAtMs, id }: HandoverRow): string => `${startedAtMs} ${id}`;
      const newest = [...rows].sort((a, b) => (key(a) < key(b) ? 1 : -1));
      for (const limit of [511, 512, 513, 1_024, 1_299, Number.MAX_SAFE_INTEGER]) {
        const found = await store.handovers({ limit });
        assert.deepEqual(
          found.map(({ id }) => id),
          newest.slice(0, limit).map(({ id }) => id),
        );
      }
      const ofOne = await store.handovers({ vehicle: 'car-1', limit: 10_000 });
      assert.deepEqual(
        ofOne.map(({ id }) => id),
        newest.filter(({ vehicle }) => vehicle === 'car-1').map(({ id }) => id),
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
