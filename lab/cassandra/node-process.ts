import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/**
 * A program's words so that the kernel kills it when this process ends, however it ends: a node, or a door to one, must not
 * outlive its cluster. As root it may also not lock its memory, which doubles a node's memory and the time of its start.
 */
export function dyingWithUs(argv: readonly string[]): string[] {
  const root = process.getuid?.() === 0;
  return [
    ...['setpriv', '--pdeathsig', 'KILL'],
    ...(root ? ['--bounding-set', '-ipc_lock', '--inh-caps', '-ipc_lock'] : []),
    ...['--', ...argv],
  ];
}

/** Standard output and error of a child that ends, with its exit code. */
export async function outputOf(
  child: ChildProcess,
): Promise<{ readonly code: number | null; readonly out: string; readonly err: string }> {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => void out.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => void err.push(chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() };
}

export const isRunning = (child: ChildProcess | undefined): child is ChildProcess =>
  child !== undefined && child.exitCode === null && child.signalCode === null;
