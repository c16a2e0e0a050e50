import { randomUUID } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';
import { lives, startTicksOf } from '../mano/process-table.js';

/** Who holds a lease: a process, so that others of its machine can tell whether it still lives. */

/** `<boot of the machine> <namespace of process ids> <pid> <start> <this time>`. */
export async function ownHolder(): Promise<string> {
  const startTicks = (await startTicksOf(process.pid)) ?? 0;
  return [...(await whereAmI()), process.pid, startTicks, randomUUID()].join(' ');
}

/** Whether the process of a holder has ended, for sure; not where it runs elsewhere, so that nobody here can know. */
export async function isGone(holder: string): Promise<boolean> {
  const [boot = '', namespace = '', pid, startTicks, life] = holder.split(' ');
  const [ownBoot, ownNamespace] = await whereAmI();
  if (life === undefined || boot === '' || namespace === '' || boot !== ownBoot || namespace !== ownNamespace)
    return false;
  return !(await lives({ pid: Number(pid), startTicks: Number(startTicks) }));
}

/** Empty where the system does not tell. */
async function whereAmI(): Promise<[boot: string, namespace: string]> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  return [boot.trim(), await readlink('/proc/self/ns/pid').catch(() => '')];
}
