import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { eventually } from '../../fakes/eventually.js';
import { findPythonEnv } from '../python-env.js';

/** An adapter and car that others wrote (CC-BY-NC-SA): a program of its own, for these tests alone, never shipped. */
const PACKAGE = 'ELM327-emulator==4.0.0';

/** The emulator's command, installed from PyPI where it is missing; `undefined` where that cannot be done. */
export async function findEmulator(): Promise<string | undefined> {
  const bin = await findPythonEnv('elm327-emulator-4.0.0', [PACKAGE]);
  return bin === undefined ? undefined : join(bin, 'elm');
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
