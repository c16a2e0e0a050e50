import { mkdir, open, readFile, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../common/errors.js';
import type { Disk } from './disk.js';

/** A folder of the real disk; makes it where it is missing. Files that are appended to stay open. */
export async function openNodeDisk(folder: string): Promise<Disk & AsyncDisposable> {
  await mkdir(folder, { recursive: true });
  return new NodeDisk(folder);
}

class NodeDisk implements Disk, AsyncDisposable {
  readonly #folder: string;
  readonly #open = new Map<string, FileHandle>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  list(): Promise<string[]> {
    return readdir(this.#folder);
  }

  async read(name: string): Promise<Uint8Array | undefined> {
    try {
      return await readFile(join(this.#folder, name));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  async append(name: string, bytes: Uint8Array): Promise<void> {
    const file = await this.#file(name);
    await file.appendFile(bytes);
  }

  async sync(name: string): Promise<void> {
    const file = await this.#file(name);
    await file.datasync();
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#close(from);
    await this.#close(to);
    await rename(join(this.#folder, from), join(this.#folder, to));
  }

  async remove(name: string): Promise<void> {
    await this.#close(name);
    await rm(join(this.#folder, name), { force: true });
  }

  async syncFolder(): Promise<void> {
    const folder = await open(this.#folder, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  async #file(name: string): Promise<FileHandle> {
    const found = this.#open.get(name);
    if (found !== undefined) return found;
    const file = await open(join(this.#folder, name), 'a', 0o600);
    this.#open.set(name, file);
    return file;
  }

  async #close(name: string): Promise<void> {
    const file = this.#open.get(name);
    this.#open.delete(name);
    await file?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of [...this.#open.keys()]) await this.#close(name);
  }
}
