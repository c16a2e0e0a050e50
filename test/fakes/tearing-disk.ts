import type { Disk } from '../../device/uplink/disk.js';

interface File {
  durable: Uint8Array;
  /** Written and not synced, piece by piece. */
  readonly loose: Uint8Array[];
}

/** A disk that keeps what was synced and loses or tears everything else when the power is cut. */
export interface TearingDisk extends Disk {
  /** Operations so far. */
  readonly operations: number;
  /** From this operation on every call fails, as on a machine without power. */
  cutAt(operation: number): void;
  /** The disk as the next start finds it. */
  afterPowerCut(): TearingDisk;
  /** Damages a byte of a file. */
  damage(name: string, at: number): void;
  /** Flips a bit of what was synced, anywhere; gives the name of the file. */
  rot(): string | undefined;
  /** Appends fail like those on a full disk while more than this many bytes are on it; the write that fills it is cut. */
  limit(bytes: number): void;
  /** From now on no sync ends, until what is given back is called. */
  stall(): () => void;
}

/** `random` is uniform in [0, 1): it decides what of the loose writes survives. */
export function tearingDisk(
  random: () => number,
  names = new Map<string, File>(),
  cut = { at: Infinity },
): TearingDisk {
  let operations = 0;
  /** Changes of names since the folder was synced, each gives the names after it. */
  let versions: ReadonlyMap<string, File>[] = [new Map(names)];
  const step = (): void => {
    if (++operations >= cut.at) throw Object.assign(new Error('no power'), { code: 'EIO' });
  };
  const changed = (): void => void versions.push(new Map(names));
  let limitBytes = Infinity;
  let stalled: Promise<void> | undefined;
  const used = (): number => [...names.values()].reduce((sum, file) => sum + whole(file).length, 0);
  const whole = (file: File): Uint8Array => Buffer.concat([file.durable, ...file.loose]);
  return {
    get operations() {
      return operations;
    },
    cutAt: operation => void (cut.at = operation),
    list: () => Promise.resolve([...names.keys()]),
    read: name => Promise.resolve(names.has(name) ? Uint8Array.from(whole(names.get(name)!)) : undefined),
    append: async (name, bytes) => {
      let file = names.get(name);
      if (file === undefined) {
        file = { durable: new Uint8Array(), loose: [] };
        names.set(name, file);
        changed();
      }
      const room = Math.max(0, limitBytes - used());
      // The write that the power cut interrupts may have got through, in part or whole.
      file.loose.push(Uint8Array.from(bytes.subarray(0, room)));
      step();
      if (room < bytes.length) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    },
    sync: async name => {
      await stalled;
      step();
      const file = names.get(name);
      if (file === undefined) return;
      file.durable = Uint8Array.from(whole(file));
      file.loose.length = 0;
    },
    rename: async (from, to) => {
      await Promise.resolve();
      step();
      const file = names.get(from);
      if (file === undefined) throw Object.assign(new Error(from), { code: 'ENOENT' });
      names.delete(from);
      names.set(to, file);
      changed();
    },
    remove: async name => {
      await Promise.resolve();
      step();
      if (names.delete(name)) changed();
    },
    syncFolder: async () => {
      await Promise.resolve();
      step();
      versions = [new Map(names)];
    },
    afterPowerCut: () => {
      const survivors = new Map<string, File>();
      const version = versions[Math.floor(random() * versions.length)] ?? new Map<string, File>();
      for (const [name, file] of version)
        survivors.set(name, {
          durable: Buffer.concat([file.durable, ...file.loose.map(piece => torn(piece, random))]),
          loose: [],
        });
      return tearingDisk(random, survivors);
    },
    limit: bytes => void (limitBytes = bytes),
    stall: () => {
      let goOn = (): void => undefined;
      stalled = new Promise(resolve => (goOn = resolve));
      return () => {
        stalled = undefined;
        goOn();
      };
    },
    rot: () => {
      const found = [...names].filter(([, file]) => file.durable.length > 0);
      const [name, file] = found[Math.floor(random() * found.length)] ?? [];
      if (file === undefined) return undefined;
      const at = Math.floor(random() * file.durable.length);
      file.durable[at] = (file.durable[at] ?? 0) ^ (1 << Math.floor(random() * 8));
      return name;
    },
    damage: (name, at) => {
      const file = names.get(name);
      if (file !== undefined && at < file.durable.length) file.durable[at] = (file.durable[at] ?? 0) ^ 0xff;
    },
  };
}

/** What is left of a write that was never synced: all, nothing, its beginning, or zeros where it should be. */
function torn(piece: Uint8Array, random: () => number): Uint8Array {
  const fate = random();
  if (fate < 0.3) return piece;
  if (fate < 0.5) return new Uint8Array();
  if (fate < 0.75) return piece.slice(0, Math.floor(random() * piece.length));
  const holed = Uint8Array.from(piece);
  return holed.fill(0, Math.floor(random() * piece.length));
}
