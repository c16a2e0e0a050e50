import { access, readdir, readlink, realpath, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { openSerialLink } from './serial-link.js';
import { BY_ID, type Ports } from './serial-port.js';

const TTY = '/sys/class/tty';
/** Folders between a tty and its USB device at most. */
const MAX_DEPTH = 6;

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** The serial ports of this machine. `sysTty` stands for /sys/class/tty. */
export function nodePorts(sysTty = TTY): Ports {
  return {
    // No folder: nothing is plugged in.
    list: () => readdir(BY_ID).catch(() => []),
    exists,
    openAt: openSerialLink,
    replug: path => replugUsb(path, sysTty),
  };
}

/**
 * Pulls a USB device in software: `authorized` of its folder in /sys set to 0 and to 1 makes the kernel enumerate it
 * anew. False where the port is not of USB, or we may not.
 */
export async function replugUsb(port: string, sysTty: string): Promise<boolean> {
  try {
    const target = await readlink(port).then(
      link => link,
      () => port,
    );
    let folder = await realpath(join(sysTty, basename(target), 'device'));
    for (let depth = 0; depth < MAX_DEPTH; depth++, folder = dirname(folder)) {
      const authorized = join(folder, 'authorized');
      if (!(await exists(authorized))) continue;
      await writeFile(authorized, '0');
      await writeFile(authorized, '1');
      return true;
    }
    return false;
  } catch {
    // Not ours to change, or already gone: a person has to pull it.
    return false;
  }
}
