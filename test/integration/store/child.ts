import assert from 'node:assert/strict';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

export interface Child extends AsyncDisposable {
  /** Lines of its standard output. */
  readonly lines: AsyncIterator<string>;
  say(line: string): void;
  /** kill -9; resolves once it is gone. */
  kill(): Promise<void>;
  exited(): Promise<number | null>;
}

/**
 * Runs a file of the tests or of the product as a process of its own. `file` is relative to the package root; `shell`
 * holds commands that a shell runs first, for limits.
 */
export function startChild(file: string, argv: readonly string[], shell?: string): Child {
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  const runner = import.meta.url.endsWith('.ts') ? ['--import', 'tsx'] : [];
  const source = import.meta.url.endsWith('.ts') ? file : file.replace(/\.ts$/, '.js');
  const words = [process.execPath, ...runner, source, ...argv];
  const [command = '', ...rest] = shell === undefined ? words : ['sh', '-c', `${shell}; exec "$@"`, 'sh', ...words];
  const child: ChildProcessByStdio<Writable, Readable, null> = spawn(command, rest, {
    cwd: root,
    stdio: ['pipe', 'pipe', shell === undefined ? 'inherit' : 'ignore'] as unknown as ['pipe', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit').then(([code]) => code as number | null);
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exit;
  };
  return {
    lines: createInterface({ input: child.stdout })[Symbol.asyncIterator](),
    say: line => void child.stdin.write(`${line}\n`),
    kill,
    exited: () => exit,
    [Symbol.asyncDispose]: kill,
  };
}

export async function nextLine(child: Child): Promise<string> {
  const { value, done } = await child.lines.next();
  assert.ok(!done, 'the process ended too early');
  return value as string;
}
