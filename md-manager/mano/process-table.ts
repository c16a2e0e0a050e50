import { readFile, readdir } from 'node:fs/promises';
import { codeOf } from '../../common/errors.js';

/** Field 22 of /proc/<pid>/stat: when a process started, in clock ticks since boot. With the pid it names one for sure. */
export async function startTicksOf(pid: number): Promise<number | undefined> {
  return (await statOf(pid))?.startTicks;
}

/** `state` as /proc has it: R, S, T (stopped), t (by a debugger), …; `undefined` where there is no such process. */
async function statOf(pid: number): Promise<{ readonly state: string; readonly startTicks: number } | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ESRCH') return undefined;
    throw error;
  });
  // The command in field 2 may hold blanks and brackets: count from behind the last one.
  const [state = 'X', ...fields] = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
  // A zombie has ended; it only waits to be counted by its parent.
  return state === 'Z' || state === 'X' ? undefined : { state, startTicks: Number(fields[18]) };
}

export async function lives(process: { readonly pid: number; readonly startTicks: number }): Promise<boolean> {
  return (await startTicksOf(process.pid)) === process.startTicks;
}

/** Whether somebody has stopped it: it does nothing more until it is told to go on. */
export async function isStopped(process: { readonly pid: number; readonly startTicks: number }): Promise<boolean> {
  const found = await statOf(process.pid);
  return found?.startTicks === process.startTicks && found.state.toUpperCase() === 'T';
}

/** Signals a process, but never another one that has got its number. */
export async function signalIf(
  target: { readonly pid: number; readonly startTicks: number },
  signal: NodeJS.Signals,
): Promise<void> {
  if (!(await lives(target))) return;
  try {
    process.kill(target.pid, signal);
  } catch (error) {
    // It ended between the look and the signal.
    if (codeOf(error) !== 'ESRCH') throw error;
  }
}

/**
 * Processes with this title and these variables in their environment. The words of a command line do not tell: a process
 * that sets its title writes over them.
 */
export async function processesOf(
  title: string,
  variables: Readonly<Record<string, string>>,
): Promise<{ pid: number; startTicks: number }[]> {
  const wanted = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  const found: { pid: number; startTicks: number }[] = [];
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const [shown = ''] = (await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '')).split('\0');
    if (shown.trim() !== title) continue;
    const environment = (await readFile(`/proc/${entry}/environ`, 'utf8').catch(() => '')).split('\0');
    const isIt = wanted.every(variable => environment.includes(variable));
    const startTicks = isIt ? await startTicksOf(Number(entry)) : undefined;
    if (startTicks !== undefined) found.push({ pid: Number(entry), startTicks });
  }
  return found;
}
