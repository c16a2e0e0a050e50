import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { delay } from '../../common/clock.js';

/** Every process of a run carries the run's folder in this variable, so that a later run finds what a killed one left. */
export const RUN_VARIABLE = 'NETNS_LAB_RUN';

/**
 * What runs of killed owners left. A run's holder ends the run when its owner is gone; this is for holders that were
 * killed as well. A run's folder is named for its owner: pid and start time, because pids come again.
 */
const FOLDER = /^edgetwin-net-(\d+)-(\d+)-/;
const TRIES = 100;
const TRY_EVERY_MS = 20;

/** How the name of this process's run folders begins. */
export const ownerPrefix = (): string => `edgetwin-net-${process.pid}-${startTimeOf(process.pid) ?? 0}-`;

/** Kills the processes and removes the folders of runs whose owner is gone. Gives the folders. */
export async function sweepNamespaces(): Promise<readonly string[]> {
  const left = readdirSync(tmpdir()).filter(name => {
    const [, pid, started] = FOLDER.exec(name) ?? [];
    return pid !== undefined && startTimeOf(Number(pid)) !== started;
  });
  const folders = left.map(name => join(tmpdir(), name));
  for (const folder of folders) {
    for (let tried = 0; tried < TRIES; tried++) {
      const pids = processesOf(folder);
      if (pids.length === 0) break;
      for (const pid of pids) killIfThere(pid);
      await delay(TRY_EVERY_MS);
    }
    rmSync(folder, { recursive: true, force: true });
  }
  return folders;
}

/** Runs of all owners on this machine that live: their owner and their folder. */
export function liveRuns(): readonly { readonly owner: number; readonly folder: string }[] {
  return readdirSync(tmpdir()).flatMap(name => {
    const [, pid, started] = FOLDER.exec(name) ?? [];
    if (pid === undefined || startTimeOf(Number(pid)) !== started) return [];
    return [{ owner: Number(pid), folder: join(tmpdir(), name) }];
  });
}

/** Processes that belong to a run, whichever namespace they are in. */
export function processesOf(folder: string): readonly number[] {
  const marker = `${RUN_VARIABLE}=${folder}`;
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(pid => (readProc(pid, 'environ') ?? '').split('\0').includes(marker))
    .filter(pid => !/^State:\s+[ZX]/m.test(readProc(pid, 'status') ?? 'State: X'))
    .map(Number);
}

/**
 * When a process began: field 22 of /proc/PID/stat, in clock ticks since boot; field 2 may hold spaces and brackets. None of one
 * that has ended and that its parent has not yet asked after.
 */
export function startTimeOf(pid: number): string | undefined {
  const stat = readProc(String(pid), 'stat');
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields?.[0] === 'Z' ? undefined : fields?.[19];
}

function readProc(pid: string, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return undefined; // it ended meanwhile
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
