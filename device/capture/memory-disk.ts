import type { Disk } from '../uplink/disk.js';

/** A disk that is gone with the process: for a replay, which leaves nothing behind. */
export function memoryDisk(): Disk {
  const files = new Map<string, Uint8Array>();
  const done = Promise.resolve();
  return {
    list: () => Promise.resolve([...files.keys()]),
    read: name => Promise.resolve(files.get(name)),
    append: (name, bytes) => {
      files.set(name, Buffer.concat([files.get(name) ?? new Uint8Array(), bytes]));
      return done;
    },
    sync: () => done,
    rename: (from, to) => {
      const bytes = files.get(from);
      files.delete(from);
      if (bytes !== undefined) files.set(to, bytes);
      return done;
    },
    remove: name => {
      files.delete(name);
      return done;
    },
    syncFolder: () => done,
  };
}
