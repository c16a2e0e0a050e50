import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { delay } from '../../common/clock.js';
import { sharedClassesWords, type ClassArchive } from './node-config.js';

/**
 * The classes of a node as its Java machine has them in memory, in a file beside the jars (58 MB): a node that maps it needs 4.5 s
 * of processor until it answers instead of 8. One that fits neither the jars nor Java is passed over by Java itself.
 */
const archiveOf = (jars: string): string => join(jars, 'classes.jsa');
const ENDS_POLL_MS = 100;

/** `undefined` where none was made: nodes start all the same. */
export function findArchive(jars: string): ClassArchive | undefined {
  const file = archiveOf(jars);
  return existsSync(file) ? { file, is: 'used' } : undefined;
}

/** A node for which `archive` is made. It is written when the node ends in order. */
export interface ArchivedNode extends AsyncDisposable {
  readonly pid: number | undefined;
}

/** Makes it where it is missing or does not fit, of the classes that one node has once it answers. */
export async function ensureArchive(
  jars: string,
  start: (archive: ClassArchive) => Promise<ArchivedNode>,
): Promise<void> {
  const file = archiveOf(jars);
  if (await fits(file, jars)) return;
  const aside = `${file}.${process.pid}`;
  try {
    await using node = await start({ file: aside, is: 'made' });
    if (node.pid !== undefined) process.kill(node.pid, 'SIGTERM');
    while (node.pid !== undefined) await delay(ENDS_POLL_MS);
    // Two may make it at once: both are the same.
    await rename(aside, file);
  } finally {
    await rm(aside, { force: true });
  }
}

/** Java itself tells: it looks at its own version, and at the names, sizes and times of the jars. */
async function fits(file: string, jars: string): Promise<boolean> {
  if (!existsSync(file)) return false;
  const words = ['-Xshare:on', ...sharedClassesWords(jars, { file, is: 'used' }), '-version'];
  return promisify(execFile)('java', words).then(
    () => true,
    () => false,
  );
}
