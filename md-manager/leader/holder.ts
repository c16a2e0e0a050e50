import { randomUUID } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';
import { isStopped, lives, signalIf, startTicksOf } from '../mano/process-table.js';

/** Who holds a lease: a process, so that others of its machine can tell whether it still lives. */

/** `<boot of the machine> <namespace of process ids> <pid> <start> <this time>`. */
export async function ownHolder(): Promise<string> {
  const startTicks = (await startTicksOf(process.pid)) ?? 0;
  return [...(await whereAmI()), process.pid, startTicks, randomUUID()].join(' ');
}

/** Whether the process of a holder has ended, for sure; not where it runs elsewhere, so that nobody here can know. */
export async function isGone(holder: string): Promise<boolean> {
  const process = await processHere(holder);
  return process !== undefined && !(await lives(process));
}

/** Ends the process of a holder, where somebody has stopped it (SIGSTOP, a debugger) and it runs here; whether it did. */
export async function endIfStopped(holder: string): Promise<boolean> {
  const process = await processHere(holder);
  if (process === undefined || !(await isStopped(process))) return false;
  await signalIf(process, 'SIGKILL');
  return true;
}

/** `undefined` where it runs on another machine, or nobody can tell. */
async function processHere(holder: string): Promise<{ pid: number; startTicks: number } | undefined> {
  const [boot = '', namespace = '', pid, startTicks, life] = holder.split(' ');
  const [ownBoot, ownNamespace] = await whereAmI();
  if (life === undefined || boot === '' || namespace === '' || boot !== ownBoot || namespace !== ownNamespace)
    return undefined;
  return { pid: Number(pid), startTicks: Number(startTicks) };
}

/** Empty where the system does not tell. */
async function whereAmI(): Promise<[boot: string, namespace: string]> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  return [boot.trim(), await readlink('/proc/self/ns/pid').catch(() => '')];
}
