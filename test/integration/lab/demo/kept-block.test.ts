import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blockOfFolder } from '../../../../lab/demo/kept-block.js';

describe('the block of a folder of runs', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'edgetwin-block-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is the same in each run: vehicles keep their numbers, and agents the addresses of their twins', async () => {
    const bases: number[] = [];
    for (let run = 0; run < 3; run++) {
      await using block = await blockOfFolder(folder);
      bases.push(block.base);
    }
    assert.equal(new Set(bases).size, 1);
  });

  it('is not given to a second run in the folder while the first one is there', async () => {
    await using _first = await blockOfFolder(folder);
    await assert.rejects(blockOfFolder(folder), { code: 'LAB_FAILED', message: new RegExp(folder) });
  });
});
