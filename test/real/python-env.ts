import { execFile } from 'node:child_process';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const INSTALL_MS = 120_000;
const run = promisify(execFile);

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/**
 * The folder of programs of a virtual environment of its own, made from PyPI by `pip install <wanted>` where it is missing;
 * `undefined` where that cannot be done. `name` bears what is in it, with its version: another content is another folder.
 */
export async function findPythonEnv(name: string, wanted: readonly string[]): Promise<string | undefined> {
  const folder = join(homedir(), '.cache', 'edgetwin', name);
  const bin = join(folder, 'bin');
  if (await exists(bin)) return bin;
  const aside = `${folder}-${process.pid}`;
  try {
    await mkdir(dirname(folder), { recursive: true });
    await run('python3', ['-m', 'venv', aside], { timeout: INSTALL_MS });
    await run(join(aside, 'bin', 'pip'), ['install', '--quiet', ...wanted], { timeout: INSTALL_MS });
    await rename(aside, folder);
    return bin;
  } catch {
    // No python3, no registry, or somebody else was quicker.
    await rm(aside, { recursive: true, force: true });
    return (await exists(bin)) ? bin : undefined;
  }
}
