import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killOutbox } from '../../fakes/kill-outbox.js';
import { seededRandom } from '../../../lab/seeded-random.js';

describe('an outbox that is killed at any moment', function () {
  this.timeout(60_000);
  for (const maxBytes of [20_000, 1_000_000])
    it(`of ${maxBytes} bytes loses nothing, changes nothing and uses no id twice`, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'edgetwin-kill-'));
      try {
        const random = seededRandom(maxBytes);
        const offered = await killOutbox({ folder, kills: 4, maxBytes, random });
        assert.ok(offered > 20, `${offered} reports`);
      } finally {
        await rm(folder, { recursive: true });
      }
    });
});
