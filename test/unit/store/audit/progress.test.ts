import assert from 'node:assert/strict';
import { Progress } from '../../../../store/audit/progress.js';

describe('progress of an audit', () => {
  it('says how far it is, every two seconds at most, and nothing where it is over at once', () => {
    const lines: string[] = [];
    let nowMs = 10_000;
    const progress = new Progress({ monotonicMs: () => nowMs }, line => lines.push(line));
    for (const [atMs, done, rows] of [
      [10_500, 3, 9_000],
      [12_000, 64, 150_000],
      [13_900, 100, 200_000],
      [14_000, 128, 300_000],
    ] as const) {
      nowMs = atMs;
      progress.update({ done, of: 256, rows });
    }
    assert.deepEqual(lines, [
      'audit: 64 of 256 ranges (25 %), 150,000 rows, 75,000 a second',
      'audit: 128 of 256 ranges (50 %), 300,000 rows, 75,000 a second',
    ]);
  });
});
