import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { fault } from '../../protocol/errors.js';
import { dyingWithUs } from './node-process.js';

/**
 * A file system of a given size at a folder, seen by those who enter it and by nobody else of the machine; it goes when its
 * holder goes, however that ends. Needs root.
 */
export interface SmallDisk extends AsyncDisposable {
  /** Words before a program that make it see the file system at the folder. */
  readonly enter: readonly string[];
  /** The same files, from here. */
  readonly path: string;
}

export async function openSmallDisk(folder: string, sizeMb: number): Promise<SmallDisk> {
  await mkdir(folder, { recursive: true });
  const script = `mount -t tmpfs -o size=${sizeMb}m,mode=755 tmpfs "$0" && echo ready && exec cat`;
  const [program = '', ...words] = dyingWithUs(['unshare', '--mount', 'sh', '-c', script, folder]);
  const holder = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
  const ended = once(holder, 'close');
  const ready = await Promise.race([once(holder.stdout, 'data').then(() => true), ended.then(() => false)]);
  if (!ready) throw fault('LAB_FAILED', `no file system of ${sizeMb} MB at ${folder}`);
  return {
    enter: ['nsenter', `--mount=/proc/${holder.pid}/ns/mnt`, '--'],
    path: `/proc/${holder.pid}/root${folder}`,
    async [Symbol.asyncDispose]() {
      holder.stdin.end();
      await ended;
    },
  };
}
