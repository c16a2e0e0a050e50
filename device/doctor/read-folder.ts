import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../common/errors.js';
import type { Disk } from '../uplink/disk.js';

/**
 * A folder of an agent, to be read alone; the agent may run on. A file that goes while we look is taken for one that never was:
 * segments do. Rejects with the operating system's other errors.
 */
export function readFolder(folder: string): Pick<Disk, 'list' | 'read'> {
  return {
    list: () => readdir(folder),
    read: name =>
      readFile(join(folder, name)).catch((error: unknown) => {
        if (codeOf(error) === 'ENOENT') return undefined;
        throw error;
      }),
  };
}

/** Bytes of the files of a folder whose names fit. */
export async function bytesIn(folder: string, names: RegExp): Promise<number> {
  let sum = 0;
  for (const name of await readdir(folder)) {
    if (!names.test(name)) continue;
    sum += await stat(join(folder, name)).then(
      ({ size }) => size,
      () => 0,
    );
  }
  return sum;
}
