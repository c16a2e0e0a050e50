import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { codeOf, messageOf } from '../../common/errors.js';
import { packageRoot } from '../../common/package-root.js';
import { fault } from '../../protocol/errors.js';

/** What is installed, in the order of its lock files: what builds the rest comes first. */
export const LOCKS = {
  ryu: ['build.lock', 'requirements.lock'],
  /** What checks the Python code: ruff and mypy. */
  tools: ['dev.lock'],
} as const;
export type VenvKind = keyof typeof LOCKS;

/** The folder of this file's Python neighbours, whether code runs from source, from dist/ or bundled. */
export const ryuFolder = (): string => join(packageRoot(), 'sdn-app', 'ryu');

const STAMP = '.edgetwin-locks';
const INSTALL_MS = 600_000;
const MISSING: unknown[] = ['ENOENT', 'ENOTDIR'];

async function hashOfLocks(kind: VenvKind): Promise<string> {
  const hash = createHash('sha256');
  for (const lock of LOCKS[kind]) hash.update(await readFile(join(ryuFolder(), lock)));
  return hash.digest('hex');
}

const pythonOf = (folder: string): string => join(folder, 'bin', 'python');

export async function defaultVenv(kind: VenvKind): Promise<string> {
  return join(homedir(), '.cache', 'edgetwin', `${kind}-${(await hashOfLocks(kind)).slice(0, 12)}`);
}

/** The Python of the environment, if it was made of just these lock files. */
export async function findVenv(kind: VenvKind, folder?: string): Promise<string | undefined> {
  const at = folder ?? (await defaultVenv(kind));
  try {
    const stamp = await readFile(join(at, STAMP), 'utf8');
    return stamp === (await hashOfLocks(kind)) ? pythonOf(at) : undefined;
  } catch (error) {
    if (MISSING.includes(codeOf(error))) return undefined;
    throw error;
  }
}

/**
 * The Python of the environment, which is made where it is missing: exactly what the lock files name, each package by its
 * hash. It is made aside and put in its place when complete, so that two may make it at once and none is ever half made.
 * RYU_FAILED where Python or a package cannot be had, or where `folder` holds something else.
 */
export async function ensureVenv(
  kind: VenvKind,
  options: { readonly folder?: string; readonly python?: string; readonly signal?: AbortSignal },
): Promise<string> {
  const folder = options.folder ?? (await defaultVenv(kind));
  const found = await findVenv(kind, folder);
  if (found !== undefined) return found;
  const aside = `${folder}.${process.pid}`;
  const run = async (command: string, ...argv: readonly string[]): Promise<void> => {
    try {
      await promisify(execFile)(command, argv, {
        cwd: ryuFolder(),
        timeout: INSTALL_MS,
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      });
    } catch (error) {
      throw fault('RYU_FAILED', `${command} ${argv.join(' ')}: ${lastLine(error)}`, { cause: error });
    }
  };
  await mkdir(dirname(folder), { recursive: true });
  try {
    await run(options.python ?? 'python3', '-m', 'venv', aside);
    for (const lock of LOCKS[kind])
      await run(
        ...[pythonOf(aside), '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'],
        ...['--no-deps', '--no-build-isolation', '--require-hashes', '--requirement', lock],
      );
    await writeFile(join(aside, STAMP), await hashOfLocks(kind));
    await putInPlace(aside, folder);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  const made = await findVenv(kind, folder);
  if (made === undefined) throw fault('RYU_FAILED', `${folder} holds something else than these lock files make`);
  return made;
}

/** Whoever comes second leaves what is there. */
async function putInPlace(aside: string, folder: string): Promise<void> {
  try {
    await rename(aside, folder);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes(codeOf(error))) throw error;
  }
}

function lastLine(error: unknown): string {
  const said = typeof error === 'object' && error !== null && 'stderr' in error ? String(error.stderr) : '';
  return said.trim().split('\n').at(-1) || messageOf(error);
}
