import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../common/errors.js';
import { fault } from '../../protocol/errors.js';
import { claimBlock, reclaimBlock, type LoopbackBlock } from '../network/loopback-block.js';

/** Keeps the number at which the block of a folder's runs begins. */
const BLOCK_FILE = 'block';

/**
 * The block of the runs in a folder: the same in each, because vehicles keep their numbers, and agents the addresses of their
 * twins. LAB_FAILED where somebody has it: most often another run in the same folder.
 */
export async function blockOfFolder(folder: string): Promise<LoopbackBlock> {
  const file = join(folder, BLOCK_FILE);
  const kept = await readFile(file, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (kept === undefined) {
    const block = await claimBlock();
    await writeFile(file, `${block.base}\n`);
    return block;
  }
  const block = await reclaimBlock(Number(kept));
  if (block === undefined) throw fault('LAB_FAILED', `another run has the addresses of ${folder}: does one run there?`);
  return block;
}
