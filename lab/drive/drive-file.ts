import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../common/errors.js';
import { packageRoot } from '../../common/package-root.js';
import { fault } from '../../protocol/errors.js';
import { parseDrive } from './drive-csv.js';
import { driveOf, type Drive } from './drive.js';

/** Drives that come with the product, by name. */
export const BUNDLED_DRIVES = ['drive-06', 'drive-17'] as const;
export const DEFAULT_DRIVE = 'drive-06';

/** Where a drive lies: a bundled one by its name, any other by its path. */
export function drivePath(nameOrPath: string): string {
  return BUNDLED_DRIVES.some(name => name === nameOrPath)
    ? join(packageRoot(), 'lab', 'drives', `${nameOrPath}.csv`)
    : nameOrPath;
}

/** Reads a drive by name or path. Throws DRIVE_INVALID with the file's name, line and column. */
export async function openDrive(nameOrPath: string): Promise<Drive> {
  const path = drivePath(nameOrPath);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw fault('DRIVE_INVALID', `${path}: ${messageOf(cause)}`, { cause });
  }
  try {
    return driveOf(parseDrive(text));
  } catch (cause) {
    throw fault('DRIVE_INVALID', `${path}: ${messageOf(cause).replace(/^DRIVE_INVALID: [^:]*: /, '')}`, { cause });
  }
}
