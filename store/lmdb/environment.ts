import { mkdirSync, realpathSync } from 'node:fs';
import { open, type Database, type RootDatabase } from 'lmdb';
import { EdgetwinError, messageOf } from '../../common/errors.js';
import { fault } from '../../protocol/errors.js';

/**
 * One lmdb environment, shared by every process that opens its directory.
 *
 * What a resolved write means was read from system calls (strace, lmdb 3.5.6): the writer thread writes the pages,
 * `fdatasync`s the file, writes the meta page through a descriptor opened with O_DSYNC, and only then does the promise of
 * `put`, `batch` or `transaction` resolve. With `overlappingSync` (lmdb-js's default) the promise waits for the sync as
 * well, but other processes see the commit before it is durable and recovery must tell synced commits from others; it
 * bought nothing measurable here, so it is off and what is visible is durable.
 */
export type Table = Database<Buffer, Uint8Array>;

export interface Environment extends AsyncDisposable {
  readonly root: RootDatabase<Buffer, Uint8Array>;
  table(name: string): Table;
  /** The next read sees what any process has committed by now. */
  refresh(): void;
}

/** Address space, not disk: the file grows with its content. */
export const DEFAULT_MAP_SIZE_BYTES = 2 ** 36;
const MAX_READERS = 1_024;
/** msgpackr's native part is not installed: keys and values are bytes throughout. */
const BINARY = { encoding: 'binary', keyEncoding: 'binary' } as const;

interface Opened {
  readonly root: RootDatabase<Buffer, Uint8Array>;
  readonly tables: Map<string, Table>;
  users: number;
}

/** What this process has open, by directory; without users it is being closed. */
const here = new Map<string, Opened>();

/**
 * Opens or makes the environment in directory `path`; STORE_FAILED where that is not possible. Whoever opens a directory that
 * is open in this process shares it (LMDB's own rule): with two of them, the writer of one was seen to hold the lock of all
 * writers while it waited for this thread, which waited for that lock to open a table of the other, for ever (lmdb 3.5.6).
 */
export function openEnvironment(path: string, mapSizeBytes = DEFAULT_MAP_SIZE_BYTES): Environment {
  try {
    mkdirSync(path, { recursive: true });
    const directory = realpathSync(path);
    const opened = here.get(directory) ?? { root: rootOf(directory, mapSizeBytes), tables: new Map(), users: 0 };
    if (here.has(directory) && opened.users === 0) throw new Error('this process is about to close it');
    here.set(directory, opened);
    return userOf(opened, () => here.delete(directory));
  } catch (cause) {
    throw fault('STORE_FAILED', `opening ${path}: ${messageOf(cause)}`, { cause });
  }
}

const rootOf = (path: string, mapSizeBytes: number): Opened['root'] =>
  open<Buffer, Uint8Array>({
    path,
    ...BINARY,
    noSubdir: false,
    overlappingSync: false,
    // Groups are made by GroupCommit; lmdb-js's own batch of a turn has a promise that nobody can catch when it fails.
    eventTurnBatching: false,
    mapSize: mapSizeBytes,
    maxReaders: MAX_READERS,
    maxDbs: 16,
  });

function userOf(opened: Opened, closed: () => void): Environment {
  const { root, tables } = opened;
  opened.users++;
  let isOpen = true;
  return {
    root,
    table(name) {
      const table = tables.get(name) ?? root.openDB<Buffer, Uint8Array>({ name, ...BINARY });
      tables.set(name, table);
      return table;
    },
    refresh: () => root.resetReadTxn(),
    async [Symbol.asyncDispose]() {
      if (!isOpen) return;
      isOpen = false;
      if (--opened.users > 0) return;
      await root.close().finally(closed);
    },
  };
}

/** Waits for a write; whatever lmdb reports leaves as STORE_FAILED, our own errors as they are. */
export async function written<T>(what: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof EdgetwinError) throw error;
    const cause = await commitCause(error);
    throw fault('STORE_FAILED', `${what}: ${messageOf(cause)}`, { cause });
  }
}

/** Reads are synchronous in lmdb; the same rule for their errors. */
export function readFrom<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof EdgetwinError) throw cause;
    throw fault('STORE_FAILED', `${what}: ${messageOf(cause)}`, { cause });
  }
}

/** lmdb-js gives the reason of a failed commit as another promise, which nobody else awaits. */
async function commitCause(error: unknown): Promise<unknown> {
  if (typeof error !== 'object' || error === null || !('commitError' in error)) return error;
  const reason = Promise.resolve(error.commitError).catch((cause: unknown) => cause);
  const turn = new Promise(resolve => setImmediate(resolve, error));
  return Promise.race([reason, turn]);
}

/** Keys after `key` in byte order begin here. */
export const after = (key: Uint8Array): Buffer => Buffer.concat([key, Buffer.from([0])]);
