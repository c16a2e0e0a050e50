/**
 * One folder on a disk, as much of it as the outbox needs. What was appended may be lost or torn by a power cut until
 * `sync` of the file has resolved; a new, renamed or removed name may come undone until `syncFolder` has.
 * Every call rejects with the operating system's error.
 */
export interface Disk {
  /** Names of the files, in no order. */
  list(): Promise<string[]>;
  /** The whole file, or undefined where there is none. */
  read(name: string): Promise<Uint8Array | undefined>;
  /** Creates the file where it is missing. */
  append(name: string, bytes: Uint8Array): Promise<void>;
  sync(name: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** No error where the file is missing. */
  remove(name: string): Promise<void>;
  syncFolder(): Promise<void>;
}

/** Puts a small file in place of another so that a power cut leaves the old or the new one, never a mixture. */
export async function replaceFile(disk: Disk, name: string, bytes: Uint8Array): Promise<void> {
  const draft = `${name}.new`;
  await disk.remove(draft);
  await disk.append(draft, bytes);
  await disk.sync(draft);
  await disk.rename(draft, name);
  await disk.syncFolder();
}
