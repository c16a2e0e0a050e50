import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Duplex, PassThrough } from 'node:stream';
import { packageRoot } from '../../common/package-root.js';

export interface Pty extends AsyncDisposable {
  /** What a serial port's name is to whoever opens it. */
  readonly path: string;
  /** The other end of the line. */
  readonly far: Duplex;
}

/** A pseudo-terminal; `undefined` where there is no python3 that could make one. Disposing hangs it up, as pulling a plug does. */
export async function openPty(): Promise<Pty | undefined> {
  const child = spawn('python3', ['-u', join(packageRoot(), 'lab', 'car', 'pty.py')], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const exited = once(child, 'exit').catch(() => undefined);
  const isThere = await Promise.race([once(child, 'spawn').then(() => true), once(child, 'error').then(() => false)]);
  if (!isThere) return undefined;
  const first = await Promise.race([once(child.stdout, 'data'), exited.then(() => undefined)]);
  if (first === undefined) return undefined;
  const [text] = first as [Buffer];
  const path = text.toString('latin1').trim();
  // A write after the plug was pulled goes nowhere.
  child.stdin.on('error', () => undefined);
  const far = Duplex.from({ readable: child.stdout.pipe(new PassThrough()), writable: child.stdin });
  far.on('error', () => undefined);
  return {
    path,
    far,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
