import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killOutbox } from '../fakes/kill-outbox.js';
import { seededRandom } from '../../lab/seeded-random.js';

const KILLS = 500;

describe('an outbox that is killed for a long time', () => {
  for (const maxBytes of [20_000, 200_000, 1_000_000])
    it(`of ${maxBytes} bytes, ${KILLS} times`, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'edgetwin-kill-'));
      try {
        assert.ok((await killOutbox({ folder, kills: KILLS, maxBytes, random: seededRandom(maxBytes) })) > KILLS);
      } finally {
        await rm(folder, { recursive: true });
      }
    });
});
