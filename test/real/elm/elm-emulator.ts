import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from '../../fakes/eventually.js';

/** An adapter and car that others wrote (CC-BY-NC-SA): a program of its own, for these tests alone, never shipped. */
const PACKAGE = 'ELM327-emulator==4.0.0';
const FOLDER = join(homedir(), '.cache', 'edgetwin', 'elm327-emulator-4.0.0');
const INSTALL_MS = 120_000;
const run = promisify(execFile);

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** The emulator's command, installed from PyPI where it is missing; `undefined` where that cannot be done. */
export async function findEmulator(): Promise<string | undefined> {
  const elm = join(FOLDER, 'bin', 'elm');
  if (await exists(elm)) return elm;
  const aside = `${FOLDER}-${process.pid}`;
  try {
    await mkdir(dirname(FOLDER), { recursive: true });
    await run('python3', ['-m', 'venv', aside], { timeout: INSTALL_MS });
    await run(join(aside, 'bin', 'pip'), ['install', '--quiet', PACKAGE], { timeout: INSTALL_MS });
    await rename(aside, FOLDER);
    return elm;
  } catch {
    // No python3, no registry, or somebody else was quicker.
    await rm(aside, { recursive: true, force: true });
    return (await exists(elm)) ? elm : undefined;
  }
}

export interface Emulator extends AsyncDisposable {
  /** Its pseudo-terminal. */
  readonly path: string;
  /** A command of its console. */
  say(line: string): void;
}

/** Starts the emulator with its car. Its first line names the pseudo-terminal. */
export async function startEmulator(elm: string): Promise<Emulator> {
  const folder = await mkdtemp(join(tmpdir(), 'edgetwin-elm-'));
  const output = join(folder, 'out');
  // By its Python: the script names the folder in which it was installed.
  const child = spawn(join(dirname(elm), 'python3'), ['-m', 'elm', '-s', 'car', '-b', output], {
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: folder,
  });
  const exited = once(child, 'exit');
  let path = '';
  await eventually('the emulator tells its port', async () => {
    path = (await readFile(output, 'utf8').catch(() => '')).split('\n')[0] ?? '';
    return path.startsWith('/dev/') || child.exitCode !== null;
  });
  return {
    path,
    say: line => void child.stdin.write(`${line}\n`),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
